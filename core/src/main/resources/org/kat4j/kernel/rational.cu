// The group rational function F(x) = P(x) / Q(x) on a GPU: forward, backward, and the last stage of the coefficients' gradients.
//
// P(x) = a0 + a1 x + ... + aM x^M, Q(x) = 1 + |b1||x| + ... + |bN||x|^N. The tensor is [outer, groups, run] in memory.
//
// Compiled at run time, once for each combination of
//   TYPE    0 float32, 1 float64, 2 bfloat16, 3 float16: how elements are stored
//   WIDTH   neighbouring elements that a thread moves at once; divides run
//   M, N    degrees
//   BLOCKS  blocks of the backward kernel that a multiprocessor holds at once
//   THREADS, FORWARD_PACKS  threads of a block, and packs that each of them takes in the forward kernel
// Coefficients are float64 for float64 and float32 otherwise, and so is all arithmetic.

#include "elements.cu"

typedef Element<TYPE>::Real Real;
typedef Packed<TYPE, WIDTH> Pack;

#define TERMS (M + 1 + N)

__device__ __forceinline__ Real magnitude(Real r) {
#if TYPE == 1
  return fabs(r);
#else
  return fabsf(r);
#endif
}

// Division by a number known before the launch: (umulhi(i, factor) + i) >> shift, for i < 2^31.
struct Divisor {
  unsigned factor;
  unsigned shift;
};

__device__ __forceinline__ unsigned quotient(unsigned i, Divisor d) {
  return (__umulhi(i, d.factor) + i) >> d.shift;
}

struct Shape {
  unsigned packs;       // of the whole tensor
  unsigned runPacks;    // of one run
  unsigned groups;
  Divisor byRun;
  Divisor byGroups;
};

struct Coefficients {
  Real a[M + 1];
  Real b[N + 1];  // b[0] = 1, |b1| ... |bN|
};

__device__ __forceinline__ Coefficients load(const Real* numerator, const Real* denominator, int numeratorRows, int denominatorRows, unsigned group) {
  Coefficients c;
  const Real* a = numerator + (numeratorRows == 1 ? 0 : group * (M + 1));
  const Real* b = denominator + (denominatorRows == 1 ? 0 : group * N);
#pragma unroll
  for (int i = 0; i <= M; i++) c.a[i] = a[i];
  c.b[0] = 1;
#pragma unroll
  for (int k = 1; k <= N; k++) c.b[k] = magnitude(b[k - 1]);
  return c;
}

// P and Q by Horner's rule.
__device__ __forceinline__ Real upper(const Coefficients& c, Real x) {
  Real p = c.a[M];
#pragma unroll
  for (int i = M - 1; i >= 0; i--) p = p * x + c.a[i];
  return p;
}

__device__ __forceinline__ Real lower(const Coefficients& c, Real magnitudeOfX) {
  Real q = c.b[N];
#pragma unroll
  for (int k = N - 1; k >= 0; k--) q = q * magnitudeOfX + c.b[k];
  return q;
}

// A block covers FORWARD_PACKS * THREADS neighbouring packs; the coefficients of all groups wait in shared memory.
extern "C" __global__ void __launch_bounds__(THREADS) forward(
    const Pack* __restrict__ x, Pack* __restrict__ y, const Real* __restrict__ numerator,
    const Real* __restrict__ denominator, int numeratorRows, int denominatorRows, Shape shape) {
  extern __shared__ Coefficients table[];
  for (unsigned g = threadIdx.x; g < shape.groups; g += THREADS) {
    table[g] = load(numerator, denominator, numeratorRows, denominatorRows, g);
  }
  __syncthreads();
  unsigned first = blockIdx.x * (FORWARD_PACKS * THREADS) + threadIdx.x;
  Pack in[FORWARD_PACKS];
#pragma unroll
  for (int j = 0; j < FORWARD_PACKS; j++) {
    unsigned at = first + j * THREADS;
    if (at < shape.packs) in[j] = x[at];
  }
#pragma unroll
  for (int j = 0; j < FORWARD_PACKS; j++) {
    unsigned at = first + j * THREADS;
    if (at >= shape.packs) break;
    unsigned run = quotient(at, shape.byRun);
    unsigned group = run - quotient(run, shape.byGroups) * shape.groups;
    const Coefficients& c = table[group];
    Real v[WIDTH];
    in[j].unpack(v);
#pragma unroll
    for (int e = 0; e < WIDTH; e++) v[e] = upper(c, v[e]) * reciprocal(lower(c, magnitude(v[e])));
    y[at] = Pack::of(v);
  }
}

// r, or -r where the sign bit of x is set.
__device__ __forceinline__ Real withSign(Real r, Real x) {
#if TYPE == 1
  return __longlong_as_double(__double_as_longlong(r) ^ (__double_as_longlong(x) & (1ll << 63)));
#else
  return __uint_as_float(__float_as_uint(r) ^ (__float_as_uint(x) & (1u << 31)));
#endif
}

// What the gradients of the coefficients are sums of: t x^i and w |x|^k, with t = u / Q and w = u P / Q^2.
struct Factors {
  Real t;
  Real w;
};

// u becomes dx = t (P' - F Q').
__device__ __forceinline__ Factors backwardElement(const Coefficients& c, Real x, Real& u) {
  Real r = magnitude(x);
  Real inverse = reciprocal(lower(c, r));
  Real slopeOfP = M * c.a[M];
#pragma unroll
  for (int i = M - 1; i >= 1; i--) slopeOfP = slopeOfP * x + i * c.a[i];
  Real slopeOfQ = N * c.b[N];
#pragma unroll
  for (int k = N - 1; k >= 1; k--) slopeOfQ = slopeOfQ * r + k * c.b[k];
  Real y = upper(c, x) * inverse;
  Real t = u * inverse;
  u = t * (slopeOfP - y * withSign(slopeOfQ, x));
  return {t, t * y};
}

// Arithmetic in bfloat16 would take longer than memory: the tensor cores do the sums. Their factors have the 8 bits that x and u have,
// the sums are float32. Elsewhere each sum is a multiplication and an addition of its own.
#define MATRIX (TYPE == 2 && WIDTH == 8)

#if MATRIX
#define OF_P (M / 2 + 1)   // products with t, t x
#define OF_Q ((N + 1) / 2)  // products with w |x|, w x^2
#define POWERS (OF_P > OF_Q ? OF_P : OF_Q)

// A quarter of what the sixteen rows and eight columns of a product hold: rows lane / 4 and lane / 4 + 8, columns 2 (lane % 4) and its neighbour.
struct Product {
  float of[4];
};

// Thread 4g + c gives four elements to rows g and g + 8 of the left side and to column g of the right side. So (g, g) and (g + 8, g) are
// sums over the elements of four threads; what else is in the product mixes elements and is never read.
__device__ __forceinline__ void multiplyAdd(Product& d, const unsigned* left, const unsigned* right) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(d.of[0]), "+f"(d.of[1]), "+f"(d.of[2]), "+f"(d.of[3])
               : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[0]), "r"(right[1]));
}

struct Sums {
  Product ofP[OF_P];  // (t, t x) times x^0, x^2, ...
  Product ofQ[OF_Q];  // (w |x|, w x^2) times x^0, x^2, ...

  __device__ __forceinline__ void addFour(const Coefficients& c, const Real* x, Real* u) {
    Real t[4], tx[4], wr[4], wxx[4], square[4], power[4];
#pragma unroll
    for (int e = 0; e < 4; e++) {
      Factors f = backwardElement(c, x[e], u[e]);
      square[e] = x[e] * x[e];
      power[e] = square[e];
      t[e] = f.t;
      tx[e] = f.t * x[e];
      wr[e] = f.w * magnitude(x[e]);
      wxx[e] = f.w * square[e];
    }
    unsigned left[2][4] = {
        {pair<TYPE>(t[0], t[1]), pair<TYPE>(tx[0], tx[1]), pair<TYPE>(t[2], t[3]), pair<TYPE>(tx[2], tx[3])},
        {pair<TYPE>(wr[0], wr[1]), pair<TYPE>(wxx[0], wxx[1]), pair<TYPE>(wr[2], wr[3]), pair<TYPE>(wxx[2], wxx[3])}};
    unsigned right[2] = {0x3f803f80u, 0x3f803f80u};  // ones
#pragma unroll
    for (int j = 0; j < POWERS; j++) {
      if (j < OF_P) multiplyAdd(ofP[j], left[0], right);
      if (j < OF_Q) multiplyAdd(ofQ[j], left[1], right);
      right[0] = pair<TYPE>(power[0], power[1]);
      right[1] = pair<TYPE>(power[2], power[3]);
#pragma unroll
      for (int e = 0; e < 4; e++) power[e] *= square[e];
    }
  }

  // u becomes dx.
  __device__ __forceinline__ void add(const Coefficients& c, const Real* x, Real* u) {
    addFour(c, x, u);
    addFour(c, x + 4, u + 4);
  }

  // Of the threads that hold a place of the diagonal; 0 elsewhere.
  __device__ __forceinline__ Real term(int j) const {
    int upper = (j <= M ? j : j - M - 1) % 2;
    const Product& d = j <= M ? ofP[j / 2] : ofQ[(j - M - 1) / 2];
    unsigned lane = threadIdx.x % 32;
    return lane % 4 != lane / 8 ? 0 : lane & 4 ? d.of[2 * upper + 1] : d.of[2 * upper];
  }
};
#else
struct Sums {
  Real of[TERMS];

  // u becomes dx.
  __device__ __forceinline__ void add(const Coefficients& c, const Real* x, Real* u) {
#pragma unroll
    for (int e = 0; e < WIDTH; e++) {
      Factors f = backwardElement(c, x[e], u[e]);
      // Odd powers are the even ones times t x and w |x|.
      Real tx = f.t * x[e];
      Real wr = f.w * magnitude(x[e]);
      Real square = x[e] * x[e];
      Real even = 1;
#pragma unroll
      for (int i = 0; i <= (M > N ? M : N); i += 2) {
        if (i <= M) of[i] += f.t * even;
        if (i + 1 <= M) of[i + 1] += tx * even;
        if (i >= 1 && i <= N) of[M + i] += f.w * even;
        if (i + 1 <= N) of[M + i + 1] += wr * even;
        even *= square;
      }
    }
  }

  __device__ __forceinline__ Real term(int j) const { return of[j]; }
};
#endif

// A run is cut into chunks of at most THREADS packs. A block works on one chunk of one group: on as many runs at once as it has
// threads for, and then on the next free ones.
struct Walk {
  unsigned outer;    // runs of a group
  unsigned chunks;   // of a run
  unsigned columns;  // packs of a chunk
  unsigned rows;     // runs that a block works on at once
  unsigned tiles;    // blocks that share a chunk
};

// bfloat16 and float16: packs travel to shared memory some steps ahead of their use. With the tensor cores' help two steps are enough:
// more would be more places of memory at once. Wider elements leave more time for each; there two steps at once measured faster.
#define STAGED (TYPE >= 2 && WIDTH == 8)
#define STAGES (MATRIX || TERMS > 12 ? 3 : 4)
constexpr int stepsAtOnce = STAGED && !MATRIX ? STAGES : 2;

__device__ __forceinline__ void copyAhead(Pack* shared, const Pack* global) {
  unsigned to = (unsigned)__cvta_generic_to_shared(shared);
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" ::"r"(to), "l"(global) : "memory");
}

// Steps whose elements a thread sums before it starts the next sum: short chains keep rounding errors small.
constexpr unsigned chain = 64 / WIDTH;

// The sums of all threads go to partial[group][term][blockIdx.y].
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) backward(
    const Pack* __restrict__ upstream, const Pack* __restrict__ x, Pack* __restrict__ gradient,
    const Real* __restrict__ numerator, const Real* __restrict__ denominator, int numeratorRows, int denominatorRows,
    Real* __restrict__ partial, Walk walk, Shape shape) {
  unsigned lane = threadIdx.x;
  // Neighbouring blocks work on neighbouring groups: together they read whole rows of memory.
  unsigned group = blockIdx.x;
  unsigned chunk = blockIdx.y % walk.chunks;
  unsigned tile = blockIdx.y / walk.chunks;
  Coefficients c = load(numerator, denominator, numeratorRows, denominatorRows, group);
  __shared__ Real totals[TERMS][THREADS];
#pragma unroll
  for (int j = 0; j < TERMS; j++) totals[j][lane] = 0;

  unsigned column = chunk * walk.columns + lane % walk.columns;
  unsigned row = lane / walk.columns;
  unsigned first = tile * walk.rows + row;
  unsigned stride = walk.tiles * walk.rows;
  unsigned steps = row < walk.rows && column < shape.runPacks && first < walk.outer ? (walk.outer - 1 - first) / stride + 1 : 0;
  unsigned at = (first * shape.groups + group) * shape.runPacks + column;
  unsigned step = stride * shape.groups * shape.runPacks;
#if STAGED
  __shared__ Pack staged[STAGES][2][THREADS];
  unsigned ahead = at;
#pragma unroll
  for (int s = 0; s < STAGES - 1; s++) {
    if (s < steps) {
      copyAhead(&staged[s][0][lane], upstream + ahead);
      copyAhead(&staged[s][1][lane], x + ahead);
    }
    ahead += step;
    asm volatile("cp.async.commit_group;" ::: "memory");
  }
#endif
#if MATRIX
  unsigned allSteps = __reduce_max_sync(0xffffffffu, steps);  // all threads of a warp take part in a product
#else
  unsigned allSteps = steps;
#endif
  for (unsigned begun = 0; begun < allSteps; begun += chain) {
    unsigned end = allSteps - begun < chain ? allSteps : begun + chain;
    Sums sums = {};
#pragma unroll stepsAtOnce
    for (unsigned done = begun; done < end; done++) {
      bool own = !MATRIX || done < steps;
      Pack packedU = {};
      Pack packedX = {};
#if STAGED
      asm volatile("cp.async.wait_group %0;" ::"n"(STAGES - 2) : "memory");
      if (own) {
        packedU = staged[done % STAGES][0][lane];
        packedX = staged[done % STAGES][1][lane];
      }
      if (done + STAGES - 1 < steps) {
        Pack(*used)[THREADS] = staged[(done + STAGES - 1) % STAGES];
        copyAhead(&used[0][lane], upstream + ahead);
        copyAhead(&used[1][lane], x + ahead);
      }
      ahead += step;
      asm volatile("cp.async.commit_group;" ::: "memory");
#else
      packedU = upstream[at];
      packedX = x[at];
#endif
      Real u[WIDTH];
      Real v[WIDTH];
      packedU.unpack(u);
      packedX.unpack(v);
      sums.add(c, v, u);
      if (own) gradient[at] = Pack::of(u);
      at += step;
    }
#pragma unroll
    for (int j = 0; j < TERMS; j++) totals[j][lane] += sums.term(j);
  }

  __shared__ Real ofWarp[THREADS / 32][TERMS];
#pragma unroll
  for (int j = 0; j < TERMS; j++) {
    Real sum = totals[j][lane];
#pragma unroll
    for (int other = 16; other > 0; other /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, other);
    if (lane % 32 == 0) ofWarp[lane / 32][j] = sum;
  }
  __syncthreads();
  if (lane < TERMS) {
    Real sum = 0;
    for (int warp = 0; warp < THREADS / 32; warp++) sum += ofWarp[warp][lane];
    partial[(group * TERMS + lane) * gridDim.y + blockIdx.y] = sum;
  }
}

// One block for each coefficient: adds up the partial sums of the groups that share it, in a fixed order and in float64.
extern "C" __global__ void __launch_bounds__(THREADS) finish(
    const Real* __restrict__ partial, unsigned blocks, unsigned groups, const Real* __restrict__ denominator, int numeratorRows,
    int denominatorRows, Real* __restrict__ da, Real* __restrict__ db) {
  unsigned index = blockIdx.x;
  bool ofNumerator = index < numeratorRows * (M + 1);
  if (!ofNumerator) index -= numeratorRows * (M + 1);
  int rows = ofNumerator ? numeratorRows : denominatorRows;
  unsigned terms = ofNumerator ? M + 1 : N;
  unsigned row = index / terms;
  unsigned term = index % terms + (ofNumerator ? 0 : M + 1);
  unsigned firstGroup = rows == 1 ? 0 : row;
  unsigned groupCount = rows == 1 ? groups : 1;
  double sum = 0;
  for (unsigned i = threadIdx.x; i < groupCount * blocks; i += THREADS) {
    unsigned group = firstGroup + i / blocks;
    sum += partial[(group * TERMS + term) * blocks + i % blocks];
  }
  __shared__ double shared[THREADS];
  shared[threadIdx.x] = sum;
  for (int half = THREADS / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) shared[threadIdx.x] += shared[threadIdx.x + half];
  }
  if (threadIdx.x == 0) {
    if (ofNumerator) {
      da[index] = shared[0];
    } else {
      db[index] = denominator[index] < 0 ? shared[0] : -shared[0];  // sgn(0) = +1
    }
  }
}
