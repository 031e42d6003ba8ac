// The group rational function F(x) = P(x) / Q(x) on a GPU: forward, backward, and the last stage of the coefficients' gradients.
//
// P(x) = a0 + a1 x + ... + aM x^M, Q(x) = 1 + |b1||x| + ... + |bN||x|^N. The tensor is [outer, groups, run] in memory.
//
// Compiled at run time, once for each combination of
//   TYPE    0 float32, 1 float64, 2 bfloat16, 3 float16: how elements are stored
//   WIDTH   neighbouring elements that a thread moves at once; divides run
//   M, N    degrees
//   THREADS, FORWARD_PACKS  threads of a block, and packs that each of them takes in the forward kernel
//   BACKWARD_THREADS, BLOCKS  threads of a block of the backward kernel, and blocks that a multiprocessor holds at once
//   STAGES  packs of a thread that are on their way to shared memory in the backward kernel; 0: it reads them when it needs them
//   SPAN    neighbouring groups that a block of the backward kernel works on; 1 where a run has more packs than a block has threads
//   LOOKUP  whether the backward kernel looks up what depends on x alone, for |x| from 2^SMALLEST to 2^LARGEST: bfloat16 in packs of 8, see
//           lookup.cu
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

// r sgn(x), with sgn(0) = sgn(-0) = 1.
__device__ __forceinline__ Real withSign(Real r, Real x) { return x < 0 ? -r : r; }

__device__ __forceinline__ Real slopeOfUpper(const Coefficients& c, Real x) {
  Real slope = M * c.a[M];
#pragma unroll
  for (int i = M - 1; i >= 1; i--) slope = slope * x + i * c.a[i];
  return slope;
}

__device__ __forceinline__ Real slopeOfLower(const Coefficients& c, Real magnitudeOfX) {
  Real slope = N * c.b[N];
#pragma unroll
  for (int k = N - 1; k >= 1; k--) slope = slope * magnitudeOfX + k * c.b[k];
  return slope;
}

// Adds t x^i and w |x|^k to the sums, for t = u / Q and w = u P / Q^2.
__device__ __forceinline__ void addTerms(Real t, Real w, Real x, Real* sums) {
  // Odd powers are the even ones times tx and w|x|: no power of |x| has to be formed.
  Real tx = t * x;
  Real wr = w * magnitude(x);
  Real square = x * x;
  Real even = 1;
#pragma unroll
  for (int i = 0; i <= (M > N ? M : N); i += 2) {
    if (i <= M) sums[i] += t * even;
    if (i + 1 <= M) sums[i + 1] += tx * even;
    if (i >= 1 && i <= N) sums[M + i] += w * even;
    if (i + 1 <= N) sums[M + i + 1] += wr * even;
    even *= square;
  }
}

// dx of one element, whose terms go to the sums.
__device__ __forceinline__ Real backwardElement(const Coefficients& c, Real x, Real u, Real* sums) {
  Real r = magnitude(x);
  Real inverse = reciprocal(lower(c, r));
  Real t = u * inverse;
  Real w = t * (upper(c, x) * inverse);
  addTerms(t, w, x, sums);
  return t * slopeOfUpper(c, x) - withSign(w, x) * slopeOfLower(c, r);
}

#if LOOKUP
#include "lookup.cu"
#endif

// A span of SPAN groups is cut into chunks of at most BACKWARD_THREADS packs. A block works on one chunk of one span: on as many rows of
// memory at once as it has threads for, and then on the next free ones. Groups narrower than what memory gives at once share a block.
struct Walk {
  unsigned outer;    // runs of a group
  unsigned chunks;   // of a span
  unsigned columns;  // packs of a chunk
  unsigned rows;     // that a block works on at once
  unsigned tiles;    // blocks that share a chunk
};

// Measured on an H200: with STAGES a loop that is not unrolled is fastest, without two steps at once are.
constexpr int stepsAtOnce = STAGES ? 1 : 2;

__device__ __forceinline__ void copyAhead(Pack* shared, const Pack* global) {
  unsigned to = (unsigned)__cvta_generic_to_shared(shared);
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(global) : "memory");
}

// Elements that a thread sums in one float before it starts the next: short chains keep rounding errors small. Two bytes an element
// bring larger errors of their own.
#define CHAIN (TYPE >= 2 ? 128 : 64)

// The sums of all threads go to partial[group][term][blockIdx.y].
extern "C" __global__ void __launch_bounds__(BACKWARD_THREADS, BLOCKS) backward(
    const Pack* __restrict__ upstream, const Pack* __restrict__ x, Pack* __restrict__ gradient,
    const Real* __restrict__ numerator, const Real* __restrict__ denominator, int numeratorRows, int denominatorRows,
    Real* __restrict__ partial, Walk walk, Shape shape) {
  unsigned lane = threadIdx.x;
  unsigned chunk = blockIdx.y % walk.chunks;
  unsigned tile = blockIdx.y / walk.chunks;
  unsigned column = chunk * walk.columns + lane % walk.columns;
  unsigned row = lane / walk.columns;
  // Neighbouring blocks work on neighbouring groups: together they read whole rows of memory.
  unsigned firstGroup = blockIdx.x * SPAN;
  unsigned ofSpan = SPAN == 1 ? 0 : column / shape.runPacks;
  unsigned group = firstGroup + ofSpan;
  bool works = row < walk.rows && column < SPAN * shape.runPacks && group < shape.groups;
  Coefficients c = load(numerator, denominator, numeratorRows, denominatorRows, works ? group : firstGroup);
  Real sums[TERMS];
#pragma unroll
  for (int j = 0; j < TERMS; j++) sums[j] = 0;
  __shared__ Real totals[TERMS][BACKWARD_THREADS];
#pragma unroll
  for (int j = 0; j < TERMS; j++) totals[j][lane] = 0;

  unsigned first = tile * walk.rows + row;
  unsigned stride = walk.tiles * walk.rows;
  unsigned steps = works && first < walk.outer ? (walk.outer - 1 - first) / stride + 1 : 0;
  unsigned at = (first * shape.groups + firstGroup) * shape.runPacks + column;
  unsigned step = stride * shape.groups * shape.runPacks;
#if STAGES
  extern __shared__ Pack stages[];
  Pack(*staged)[2][BACKWARD_THREADS] = reinterpret_cast<Pack(*)[2][BACKWARD_THREADS]>(stages);
#if LOOKUP
  Entry* tables = reinterpret_cast<Entry*>(stages + STAGES * 2 * BACKWARD_THREADS);
  bool worthATable = walk.outer / stride >= STEPS_FOR_A_TABLE;
  for (unsigned g = 0; worthATable && g < SPAN && firstGroup + g < shape.groups; g++) {
    fill(tables + g * entries, load(numerator, denominator, numeratorRows, denominatorRows, firstGroup + g), lane);
  }
  const Entry* table = tables + ofSpan * entries;
  __syncthreads();
#endif
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
#if TYPE != 1
  int inChain = 0;
#endif
#pragma unroll stepsAtOnce
  for (unsigned done = 0; done < steps; done++) {
#if STAGES
    asm volatile("cp.async.wait_group %0;" ::"n"(STAGES - 2) : "memory");
    Pack packedU = staged[done % STAGES][0][lane];
    Pack packedX = staged[done % STAGES][1][lane];
    if (done + STAGES - 1 < steps) {
      Pack(*used)[BACKWARD_THREADS] = staged[(done + STAGES - 1) % STAGES];
      copyAhead(&used[0][lane], upstream + ahead);
      copyAhead(&used[1][lane], x + ahead);
    }
    ahead += step;
    asm volatile("cp.async.commit_group;" ::: "memory");
#else
    Pack packedU = upstream[at];
    Pack packedX = x[at];
#endif
    Real u[WIDTH];
    Real v[WIDTH];
    packedU.unpack(u);
    packedX.unpack(v);
#if LOOKUP
    Places places = placesOf(packedX);
    if (worthATable && places.inside()) {
#pragma unroll
      for (int e = 0; e < WIDTH; e++) u[e] = lookedUp(places.read(table, packedX, e), v[e], u[e], sums);
    } else
#endif
    {
#pragma unroll
      for (int e = 0; e < WIDTH; e++) u[e] = backwardElement(c, v[e], u[e], sums);
    }
    gradient[at] = Pack::of(u);
    at += step;
#if TYPE != 1
    inChain += WIDTH;
    if (inChain >= CHAIN) {
      inChain = 0;
#pragma unroll
      for (int j = 0; j < TERMS; j++) {
        totals[j][lane] += sums[j];
        sums[j] = 0;
      }
    }
#endif
  }

  __shared__ unsigned short groupOf[BACKWARD_THREADS];  // of the span, for each thread
  groupOf[lane] = ofSpan;
#pragma unroll
  for (int j = 0; j < TERMS; j++) totals[j][lane] += sums[j];
  __syncthreads();
  // A warp for each term of each group of the span.
  for (unsigned i = lane / 32; i < SPAN * TERMS; i += BACKWARD_THREADS / 32) {
    unsigned g = i / TERMS;
    Real sum = 0;
#pragma unroll
    for (unsigned other = lane % 32; other < BACKWARD_THREADS; other += 32) {
      if (SPAN == 1 || groupOf[other] == g) sum += totals[i % TERMS][other];
    }
#pragma unroll
    for (int other = 16; other > 0; other /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, other);
    if (lane % 32 == 0 && firstGroup + g < shape.groups) {
      partial[((firstGroup + g) * TERMS + i % TERMS) * gridDim.y + blockIdx.y] = sum;
    }
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
