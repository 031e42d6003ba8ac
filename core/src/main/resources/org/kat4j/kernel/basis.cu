// The basis functions of KAN layers on a GPU: their values at x [rows, in], written as [rows, in, VALUES], and dL/dx from the gradient
// of the values. What the functions are stands in the files that include this one.
//
// Compiled at run time, once for each combination of
//   TYPE   of x and dL/dx
//   VALUE  type of the values and their gradient; computed with like TYPE: in float64, or in float32
//   BASIS  functions of an input
//   SILU   1: silu(x) follows the functions of each input as one more value; else 0
//   WIDTH  neighbouring values that a thread writes at once; divides in * VALUES
//   WARPS  of a block

#include "elements.cu"

#define VALUES (BASIS + SILU)
#define COLUMNS 32  // inputs that a block works on, one for each thread of a warp
#define THREADS (COLUMNS * WARPS)

typedef Element<TYPE>::Real Real;
typedef Element<TYPE>::Stored Input;
typedef Element<VALUE>::Stored Value;
typedef Packed<VALUE, WIDTH> Pack;

struct Shape {
  unsigned rows;
  unsigned in;
};

__device__ __forceinline__ float exponential(float r) { return __expf(r); }
__device__ __forceinline__ double exponential(double r) { return exp(r); }

// 1 / (1 + e^-x), 0 where e^-x overflows.
__device__ __forceinline__ Real sigmoid(Real x) { return reciprocal(1 + exponential(-x)); }

// Which column a thread has, and its rows. All threads of a warp go down the rows together: no row is left out by some of them.
struct Place {
  unsigned lane;
  unsigned column;
  unsigned columns;  // of the warp that exist
  unsigned row;
  unsigned stride;

  __device__ __forceinline__ explicit Place(Shape shape) {
    lane = threadIdx.x % COLUMNS;
    unsigned first = blockIdx.x * COLUMNS;
    column = first + lane;
    columns = shape.in - first < COLUMNS ? shape.in - first : COLUMNS;
    row = blockIdx.y * WARPS + threadIdx.x / COLUMNS;
    stride = gridDim.y * WARPS;
  }

  __device__ __forceinline__ bool exists() const { return lane < columns; }
};

// function.values(x, of): all BASIS values of one input, in shared memory from `of` on, where zeros lie.
template <class Function>
__device__ __forceinline__ void writeValues(const Function& function, const Input* __restrict__ x, Value* __restrict__ values, Shape shape) {
  alignas(16) __shared__ Value tiles[WARPS][COLUMNS * VALUES];  // a row of a block's columns for each warp
  Place place(shape);
  Value* tile = tiles[threadIdx.x / COLUMNS];
  const size_t in = shape.in;
  Real ahead = 0;
  if (place.exists() && place.row < shape.rows) ahead = widen<TYPE>(x[place.row * in + place.column]);
  for (unsigned row = place.row; row < shape.rows; row += place.stride) {
    Real v = ahead;
    unsigned next = row + place.stride;
    if (place.exists() && next < shape.rows) ahead = widen<TYPE>(x[next * in + place.column]);
    if constexpr (Function::sparse) {
      for (unsigned i = place.lane; i < COLUMNS * VALUES * sizeof(Value) / 16; i += COLUMNS) {
        reinterpret_cast<uint4*>(tile)[i] = make_uint4(0, 0, 0, 0);
      }
      __syncwarp();
    }
    Value* own = tile + place.lane * VALUES;
    function.values(v, own);
    if constexpr (SILU) own[BASIS] = narrow<VALUE>(v * sigmoid(v));
    __syncwarp();
    Pack* to = reinterpret_cast<Pack*>(values + (row * in + blockIdx.x * COLUMNS) * VALUES);
    for (unsigned i = place.lane; i < place.columns * VALUES / WIDTH; i += COLUMNS) to[i] = reinterpret_cast<const Pack*>(tile)[i];
    __syncwarp();
  }
}

// function.slope(x, upstream): the sum of the derivatives of all functions of one input times upstream[0 ... BASIS - 1].
template <class Function>
__device__ __forceinline__ void writeGradient(
    const Function& function, const Value* __restrict__ upstream, const Input* __restrict__ x, Input* __restrict__ gradient, Shape shape) {
  Place place(shape);
  if (!place.exists()) return;
  const size_t in = shape.in;
  Real ahead = 0;
  if (place.row < shape.rows) ahead = widen<TYPE>(x[place.row * in + place.column]);
  for (unsigned row = place.row; row < shape.rows; row += place.stride) {
    Real v = ahead;
    unsigned next = row + place.stride;
    if (next < shape.rows) ahead = widen<TYPE>(x[next * in + place.column]);
    const size_t at = row * in + place.column;
    const Value* own = upstream + at * VALUES;
    Real slope = function.slope(v, own);
    if constexpr (SILU) {
      Real s = sigmoid(v);
      slope += widen<VALUE>(own[BASIS]) * (s * (1 + v * (1 - s)));
    }
    gradient[at] = narrow<TYPE>(slope);
  }
}
