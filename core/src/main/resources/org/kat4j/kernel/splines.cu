// B-splines: of every input only the ORDER + 1 functions that are not zero, by the triangular scheme of Cox and de Boor.
//
// Compiled with the options of basis.cu and
//   ORDER  degree of the splines
// Knots [in, KNOTS] that do not fall, in the type of the arithmetic. The functions are zero outside of [first knot, last knot).

#include "basis.cu"

#define KNOTS (BASIS + 1 + ORDER)
#define PADDED (KNOTS + 2 * ORDER)

// Every column is continued by ORDER knots at both ends: they let all cells be treated alike, and no function that exists depends on
// them. A warp reads 32 columns at once, whatever their cells are, from 32 banks.
typedef Real Table[PADDED][COLUMNS];

struct Splines {
  static constexpr bool sparse = true;

  const Real (*table)[COLUMNS];
  unsigned lane;
  Real first;
  Real last;
  Real cellsPerUnit;

  __device__ __forceinline__ Real knot(int j) const { return table[j + ORDER][lane]; }

  // Called by all threads of the block.
  __device__ __forceinline__ Splines(Table& shared, const Real* __restrict__ grid, Shape shape) {
    table = shared;
    lane = threadIdx.x % COLUMNS;
    unsigned column = blockIdx.x * COLUMNS + lane;
    for (unsigned j = threadIdx.x / COLUMNS; j < KNOTS; j += WARPS) {
      shared[j + ORDER][lane] = column < shape.in ? grid[(size_t)column * KNOTS + j] : Real(0);
    }
    __syncthreads();
    first = knot(0);
    last = knot(KNOTS - 1);
    Real step = last > first ? (last - first) / (KNOTS - 1) : Real(1);
    cellsPerUnit = 1 / step;
    if (threadIdx.x < COLUMNS) {
      for (int j = 1; j <= ORDER; j++) {
        shared[ORDER - j][lane] = first - j * step;
        shared[ORDER + KNOTS - 1 + j][lane] = last + j * step;
      }
    }
    __syncthreads();
  }

  // The c with t_c <= x < t_c+1, or -1.
  __device__ __forceinline__ int cell(Real x) const {
    if (!(x >= first && x < last)) return -1;
    // Right for equal distances; a walk else.
    int c = min((int)((x - first) * cellsPerUnit), KNOTS - 2);
    while (x < knot(c)) c--;
    while (x >= knot(c + 1)) c++;
    return c;
  }

  // The 2 ORDER knots around a cell: near[i] is number cell + 1 - ORDER + i.
  __device__ __forceinline__ void around(int cell, Real* near) const {
#pragma unroll
    for (int i = 0; i < 2 * ORDER; i++) near[i] = knot(cell + 1 - ORDER + i);
  }

  // n[r] becomes the value at x of function cell - degree + r of that degree, r = 0 to degree.
  template <int degree>
  static __device__ __forceinline__ void local(const Real* near, Real x, Real* n) {
    n[0] = 1;
#pragma unroll
    for (int p = 1; p <= degree; p++) {
      Real saved = 0;
#pragma unroll
      for (int r = 0; r < p; r++) {
        Real left = near[ORDER - p + r];
        Real right = near[ORDER + r];
        Real share = n[r] * reciprocal(right - left);
        n[r] = saved + (right - x) * share;
        saved = (x - left) * share;
      }
      n[p] = saved;
    }
  }

  __device__ __forceinline__ void values(Real x, Value* of) const {
    int c = cell(x);
    if (c >= 0) {
      Real near[2 * ORDER];
      Real n[ORDER + 1];
      around(c, near);
      local<ORDER>(near, x, n);
      int start = c - ORDER;
#pragma unroll
      for (int r = 0; r <= ORDER; r++) {
        if ((unsigned)(start + r) < BASIS) of[start + r] = narrow<VALUE>(n[r]);
      }
    } else if (x != x) {
      for (int j = 0; j < BASIS; j++) of[j] = narrow<VALUE>(x);
    }
  }

  // B'_j = k (B_j,k-1 / (t_j+k - t_j) - B_j+1,k-1 / (t_j+k+1 - t_j+1)), where what is not of the cell is 0.
  __device__ __forceinline__ Real slope(Real x, const Value* upstream) const {
    int c = cell(x);
    if (c < 0) return x != x ? x : Real(0);
    Real near[2 * ORDER];
    Real n[ORDER];
    around(c, near);
    local<ORDER - 1>(near, x, n);
    int start = c - ORDER;
    Real sum = 0;
    Real rising = 0;
#pragma unroll
    for (int r = 0; r <= ORDER; r++) {
      Real falling = 0;
      if (r < ORDER) falling = ORDER * n[r] * reciprocal(near[ORDER + r] - near[r]);
      if ((unsigned)(start + r) < BASIS) sum += widen<VALUE>(upstream[start + r]) * (rising - falling);
      rising = falling;
    }
    return sum;
  }
};

extern "C" __global__ void __launch_bounds__(THREADS) forward(
    const Input* __restrict__ x, Value* __restrict__ values, const Real* __restrict__ grid, Shape shape) {
  __shared__ Table table;
  writeValues(Splines(table, grid, shape), x, values, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS) backward(
    const Value* __restrict__ upstream, const Input* __restrict__ x, Input* __restrict__ gradient, const Real* __restrict__ grid,
    Shape shape) {
  __shared__ Table table;
  writeGradient(Splines(table, grid, shape), upstream, x, gradient, shape);
}
