// Sums of the columns of a matrix on a GPU: the gradient of a bias.
//
// With GELU, of upstream * gelu'(x), which is written too: of a bias behind which there is a GELU, gelu(x) = x P(X < x) for normal X.
//
// Compiled at run time, once for each combination of
//   TYPE    of the elements
//   GELU    1 or 0
//   PACK    neighbouring elements that a thread moves at once; divides a row
//   THREADS, BLOCKS  threads of a block, and blocks that a multiprocessor holds at once
//   FINISHED         see blocks.cu
// Sums are float64 for float64 and float32 otherwise.

#include "elements.cu"
#include "blocks.cu"

typedef Element<TYPE>::Real Real;
typedef Packed<TYPE, PACK> Pack;

#if GELU
__device__ __forceinline__ float errorFunction(float r) { return erff(r); }
__device__ __forceinline__ double errorFunction(double r) { return erf(r); }
__device__ __forceinline__ float exponential(float r) { return __expf(r); }
__device__ __forceinline__ double exponential(double r) { return exp(r); }

__device__ __forceinline__ Real slope(Real x) {
  Real probability = Real(0.5) + Real(0.5) * errorFunction(x * Real(0.70710678118654752));
  return probability + x * Real(0.39894228040143268) * exponential(Real(-0.5) * x * x);
}
#endif

// A block takes `width` neighbouring packs of as many rows at once as it has threads for, and then of the next free ones. What it has summed
// goes to partial[blockIdx.x][column].
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) sums(
    const Pack* __restrict__ x,
#if GELU
    const Pack* __restrict__ upstream, Pack* __restrict__ gradient,
#endif
    Real* __restrict__ partial, unsigned rows, unsigned packs, unsigned width) {
  unsigned column = blockIdx.y * width + threadIdx.x % width;
  unsigned rowsAtOnce = THREADS / width;
  unsigned row = threadIdx.x / width;
  Real sum[PACK];
#pragma unroll
  for (int e = 0; e < PACK; e++) sum[e] = 0;
  if (row < rowsAtOnce && column < packs) {
#pragma unroll 4
    for (unsigned r = blockIdx.x * rowsAtOnce + row; r < rows; r += gridDim.x * rowsAtOnce) {
      size_t at = (size_t)r * packs + column;
      Real v[PACK];
      x[at].unpack(v);
#if GELU
      Real u[PACK];
      upstream[at].unpack(u);
#pragma unroll
      for (int e = 0; e < PACK; e++) v[e] = u[e] * slope(v[e]);
      gradient[at] = Pack::of(v);
#endif
#pragma unroll
      for (int e = 0; e < PACK; e++) sum[e] += v[e];
    }
  }
  __shared__ Real shared[PACK][THREADS];
#pragma unroll
  for (int e = 0; e < PACK; e++) shared[e][threadIdx.x] = sum[e];
  __syncthreads();
  if (row == 0 && column < packs) {
    for (unsigned other = 1; other < rowsAtOnce; other++) {
#pragma unroll
      for (int e = 0; e < PACK; e++) sum[e] += shared[e][other * width + threadIdx.x];
    }
#pragma unroll
    for (int e = 0; e < PACK; e++) partial[((size_t)blockIdx.x * packs + column) * PACK + e] = sum[e];
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) finish(
    const Real* __restrict__ partial, unsigned blocks, unsigned columns, Real* __restrict__ result) {
  double sum = sumOfBlocks(partial, blocks, columns);
  unsigned column = blockIdx.x * FINISHED + threadIdx.x;
  if (threadIdx.x < FINISHED && column < columns) result[column] = sum;
}
