// Layer norm on a GPU: forward, backward, and the last stage of the gradients of weight and bias.
//
// y = (x - mean) / sqrt(variance + epsilon) * weight + bias for each row of x [rows, WIDTH].
//
// With ADDED, of a residual stream: y is the norm of sum = x + branch, which is written too, and dL/dx is dL/dsum as it comes from
// the stream's later parts, plus what comes through the norm.
//
// Compiled at run time, once for each combination of
//   TYPE    of x and dL/dx
//   VALUE   of y and dL/dy; computed with like TYPE: in float64, or in float32
//   COLUMN  of weight and bias, computed with like TYPE
//   ADDED   of the branch and dL/dbranch, computed with like TYPE; -1: there is none, and the pointers named after it are unused
//   WIDTH   elements of a row
//   PACK    neighbouring elements that a thread moves at once; divides WIDTH
//   LANES   neighbouring threads that share a row: a power of two, at most 32
//   FINISHED  see blocks.cu
//   THREADS, FORWARD_BLOCKS  threads of a block, and blocks of the forward kernel that a multiprocessor holds at once
//   BACKWARD_BLOCKS          the same of the backward kernel
// What is kept of a row and the gradients of weight and bias are float64 for float64 and float32 otherwise, and so is all arithmetic.

#include "elements.cu"
#include "blocks.cu"

typedef Element<TYPE>::Real Real;
typedef Packed<TYPE, PACK> Input;
typedef Packed<VALUE, PACK> Value;
typedef Packed<COLUMN, PACK> Column;
typedef Packed<TYPE == FLOAT64 ? FLOAT64 : FLOAT32, PACK> Exact;
constexpr bool adds = ADDED >= 0;
typedef Packed<adds ? ADDED : TYPE, PACK> Branch;

constexpr unsigned packs = WIDTH / PACK;                   // of a row
constexpr int mine = (WIDTH / PACK + LANES - 1) / LANES;  // packs that a thread has of a row
constexpr unsigned rowsAtOnce = THREADS / LANES;           // of a block

// What the backward pass needs of a row.
struct alignas(2 * sizeof(Real)) Moments {
  Real mean;
  Real inverse;  // 1 / sqrt(variance + epsilon)
};

// The packs of a thread are LANES apart, so that neighbouring threads read neighbouring memory; the last one may be beyond the row.
__device__ __forceinline__ bool has(unsigned pack) { return packs % LANES == 0 || pack < packs; }

// The thread's packs of a row.
template <typename Pack>
__device__ __forceinline__ void load(Pack* to, const Pack* row, unsigned lane, bool exists) {
#pragma unroll
  for (int j = 0; j < mine; j++) {
    unsigned pack = lane + j * LANES;
    if (exists && has(pack)) to[j] = row[pack];
  }
}

// The thread's packs of a row to memory.
template <typename Pack>
__device__ __forceinline__ void store(Pack* row, const Real (*from)[PACK], unsigned lane) {
#pragma unroll
  for (int j = 0; j < mine; j++) {
    unsigned pack = lane + j * LANES;
    if (has(pack)) row[pack] = Pack::of(from[j]);
  }
}

template <typename Pack>
__device__ __forceinline__ void unpack(Real (*to)[PACK], const Pack* from) {
#pragma unroll
  for (int j = 0; j < mine; j++) from[j].unpack(to[j]);
}

// Over the threads that share a row; all of them get the same bits.
__device__ __forceinline__ Real sumOfRow(Real r) {
#pragma unroll
  for (int other = LANES / 2; other > 0; other /= 2) r += __shfl_xor_sync(0xffffffffu, r, other);
  return r;
}

__device__ __forceinline__ void add(Real (*to)[PACK], const Real (*from)[PACK]) {
#pragma unroll
  for (int j = 0; j < mine; j++) {
#pragma unroll
    for (int e = 0; e < PACK; e++) to[j][e] += from[j][e];
  }
}

// To what is stored: the norm is that of the sum as the next layer gets it.
__device__ __forceinline__ void round(Real (*v)[PACK]) {
#pragma unroll
  for (int j = 0; j < mine; j++) Input::of(v[j]).unpack(v[j]);
}

__device__ __forceinline__ float inverseRoot(float r) { return rsqrtf(r); }
__device__ __forceinline__ double inverseRoot(double r) { return rsqrt(r); }

// A block goes over the rows in steps of as many as it has threads for; each thread keeps its columns of weight and bias.
extern "C" __global__ void __launch_bounds__(THREADS, FORWARD_BLOCKS) forward(
    const Input* __restrict__ x, const Branch* __restrict__ branch, Input* __restrict__ sumOfBoth, Value* __restrict__ y,
    const Column* __restrict__ weight, const Column* __restrict__ bias, Moments* __restrict__ moments, double epsilon, unsigned rows) {
  unsigned lane = threadIdx.x % LANES;
  Column scale[mine];
  Column shift[mine];
  load(scale, weight, lane, true);
  load(shift, bias, lane, true);
  // All threads of a warp stay together: they add up their rows' sums with each other.
  for (unsigned first = blockIdx.x * rowsAtOnce; first < rows; first += gridDim.x * rowsAtOnce) {
    unsigned row = first + threadIdx.x / LANES;
    size_t start = (size_t)row * packs;
    Input packed[mine];
    Branch packedBranch[mine];
    load(packed, x + start, lane, row < rows);
    if (adds) load(packedBranch, branch + start, lane, row < rows);
    Real v[mine][PACK];
    unpack(v, packed);
    if (adds) {
      Real other[mine][PACK];
      unpack(other, packedBranch);
      add(v, other);
      if (row < rows) store(sumOfBoth + start, v, lane);
      if (sizeof(Real) > sizeof(typename Element<TYPE>::Stored)) round(v);
    }
    Real sum = 0;
#pragma unroll
    for (int j = 0; j < mine; j++) {
#pragma unroll
      for (int e = 0; e < PACK; e++) {
        if (has(lane + j * LANES)) sum += v[j][e];
      }
    }
    Moments m;
    m.mean = sumOfRow(sum) * (Real(1) / WIDTH);
    Real squares = 0;
#pragma unroll
    for (int j = 0; j < mine; j++) {
#pragma unroll
      for (int e = 0; e < PACK; e++) {
        v[j][e] -= m.mean;
        if (has(lane + j * LANES)) squares += v[j][e] * v[j][e];
      }
    }
    m.inverse = inverseRoot(sumOfRow(squares) * (Real(1) / WIDTH) + Real(epsilon));
    if (row >= rows) continue;
    if (lane == 0) moments[row] = m;
#pragma unroll
    for (int j = 0; j < mine; j++) {
      Real w[PACK];
      Real b[PACK];
      scale[j].unpack(w);
      shift[j].unpack(b);
#pragma unroll
      for (int e = 0; e < PACK; e++) v[j][e] = v[j][e] * m.inverse * w[e] + b[e];
    }
    store(y + start, v, lane);
  }
}

// With z = (x - mean) inverse and g = upstream weight: dx = inverse (g - mean of g - z mean of g z). The sums of upstream z and of
// upstream over a block's rows go to partial[block][0] and partial[block][1]. With ADDED x is the sum, dx is dL/dx and, rounded,
// dL/dbranch, and ofSum is dL/dsum: null for zeros.
extern "C" __global__ void __launch_bounds__(THREADS, BACKWARD_BLOCKS) backward(
    const Value* __restrict__ upstream, const Input* __restrict__ x, const Input* __restrict__ ofSum, Input* __restrict__ gradient,
    Branch* __restrict__ ofBranch, const Column* __restrict__ weight, const Moments* __restrict__ moments, Real* __restrict__ partial,
    unsigned rows) {
  unsigned lane = threadIdx.x % LANES;
  unsigned rowOfBlock = threadIdx.x / LANES;
  unsigned stride = gridDim.x * rowsAtOnce;
  Column scale[mine];
  load(scale, weight, lane, true);
  Real dweight[mine][PACK];
  Real dbias[mine][PACK];
#pragma unroll
  for (int j = 0; j < mine; j++) {
#pragma unroll
    for (int e = 0; e < PACK; e++) dweight[j][e] = dbias[j][e] = 0;
  }
  for (unsigned row = blockIdx.x * rowsAtOnce + rowOfBlock; row - rowOfBlock < rows; row += stride) {
    size_t start = (size_t)row * packs;
    Value packedUpstream[mine];
    Input packedX[mine];
    Input packedOfSum[mine];
    Moments m;
    load(packedUpstream, upstream + start, lane, row < rows);
    load(packedX, x + start, lane, row < rows);
    if (adds && ofSum) load(packedOfSum, ofSum + start, lane, row < rows);
    if (row < rows) m = moments[row];
    Real u[mine][PACK];
    Real z[mine][PACK];
    unpack(u, packedUpstream);
    unpack(z, packedX);
    Real sum = 0;
    Real product = 0;
#pragma unroll
    for (int j = 0; j < mine; j++) {
      Real w[PACK];
      scale[j].unpack(w);
#pragma unroll
      for (int e = 0; e < PACK; e++) {
        z[j][e] = (z[j][e] - m.mean) * m.inverse;
        if (row >= rows || !has(lane + j * LANES)) continue;
        dweight[j][e] += u[j][e] * z[j][e];
        dbias[j][e] += u[j][e];
        u[j][e] *= w[e];
        sum += u[j][e];
        product += u[j][e] * z[j][e];
      }
    }
    sum = sumOfRow(sum) * (Real(1) / WIDTH);
    product = sumOfRow(product) * (Real(1) / WIDTH);
    if (row >= rows) continue;
#pragma unroll
    for (int j = 0; j < mine; j++) {
#pragma unroll
      for (int e = 0; e < PACK; e++) u[j][e] = m.inverse * (u[j][e] - sum - z[j][e] * product);
    }
    if (adds && ofSum) {
      Real other[mine][PACK];
      unpack(other, packedOfSum);
      add(u, other);
    }
    store(gradient + start, u, lane);
    if (adds) store(ofBranch + start, u, lane);
  }

  // Weight and bias after each other in the same shared memory.
  __shared__ Exact shared[rowsAtOnce][packs];
#pragma unroll
  for (int ofBias = 0; ofBias < 2; ofBias++) {
#pragma unroll
    for (int j = 0; j < mine; j++) {
      unsigned pack = lane + j * LANES;
      if (has(pack)) shared[rowOfBlock][pack] = Exact::of(ofBias ? dbias[j] : dweight[j]);
    }
    __syncthreads();
    for (unsigned column = threadIdx.x; column < WIDTH; column += THREADS) {
      Real sum = 0;
      for (unsigned r = 0; r < rowsAtOnce; r++) sum += shared[r][column / PACK].element[column % PACK];
      partial[(blockIdx.x * 2 + ofBias) * WIDTH + column] = sum;
    }
    __syncthreads();
  }
}

extern "C" __global__ void __launch_bounds__(THREADS) finish(
    const Real* __restrict__ partial, unsigned blocks, Real* __restrict__ dweight, Real* __restrict__ dbias) {
  double sum = sumOfBlocks(partial, blocks, 2 * WIDTH);
  unsigned column = blockIdx.x * FINISHED + threadIdx.x;
  if (threadIdx.x >= FINISHED || column >= 2 * WIDTH) return;
  if (column < WIDTH) {
    dweight[column] = sum;
  } else {
    dbias[column - WIDTH] = sum;
  }
}
