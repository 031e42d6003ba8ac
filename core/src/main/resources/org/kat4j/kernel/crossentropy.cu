// Softmax cross entropy on a GPU: of each row of logits [rows, columns] the loss -log softmax(z)[wanted] and, over the logits, its gradient
// softmax(z) - [wanted].
//
// Compiled at run time, once for each combination of
//   TYPE     of the logits and their gradient
//   PACK     neighbouring elements that a thread moves at once; divides columns
//   THREADS  of a block, which has a row
// Losses are float64 for float64 and float32 otherwise, and so is all arithmetic.

#include "elements.cu"

typedef Element<TYPE>::Real Real;
typedef Packed<TYPE, PACK> Pack;

constexpr unsigned warp = 32;
constexpr Real log2OfE = Real(1.4426950408889634);
constexpr Real lnOf2 = Real(0.6931471805599453);
// Less than any logit that matters. Minus infinity less itself would be no number.
constexpr Real lowest = sizeof(Real) == 8 ? Real(-1e300) : Real(-1e38f);

__device__ __forceinline__ float power(float r) {  // 2^r
  float p;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(p) : "f"(r));
  return p;
}
__device__ __forceinline__ double power(double r) { return exp2(r); }
__device__ __forceinline__ float logarithm(float r) { return log2f(r); }
__device__ __forceinline__ double logarithm(double r) { return log2(r); }
__device__ __forceinline__ float larger(float a, float b) { return fmaxf(a, b); }
__device__ __forceinline__ double larger(double a, double b) { return fmax(a, b); }
__device__ __forceinline__ float belowAll(float) { return __int_as_float(0xff800000); }
__device__ __forceinline__ double belowAll(double) { return __longlong_as_double(0xfff0000000000000LL); }

// sum = 2^(z1 - most) + 2^(z2 - most) + ... over some logits in units of ln 2, of which the largest is most.
struct Sum {
  Real most;
  Real sum;
};

__device__ __forceinline__ Sum joined(Sum a, Sum b) {
  Sum both;
  both.most = larger(a.most, b.most);
  both.sum = a.sum * power(a.most - both.most) + b.sum * power(b.most - both.most);
  return both;
}

// Over the threads of a warp; all of them get the same bits.
__device__ __forceinline__ Sum joinedInWarp(Sum s) {
#pragma unroll
  for (int other = warp / 2; other > 0; other /= 2) {
    Sum theirs;
    theirs.most = __shfl_xor_sync(0xffffffffu, s.most, other);
    theirs.sum = __shfl_xor_sync(0xffffffffu, s.sum, other);
    s = joined(s, theirs);
  }
  return s;
}

// The elements of a pack in units of ln 2; those beyond the classes have no probability.
__device__ __forceinline__ void read(const Pack& packed, unsigned pack, unsigned classes, Real (&z)[PACK]) {
  packed.unpack(z);
  bool whole = (pack + 1) * PACK <= classes;
#pragma unroll
  for (int e = 0; e < PACK; e++) z[e] = whole || pack * PACK + e < classes ? z[e] * log2OfE : belowAll(z[e]);
}

// Logits of columns from `classes` on belong to nothing, and get a gradient of 0. A class beyond them has a loss that is no number.
extern "C" __global__ void __launch_bounds__(THREADS) crossEntropy(
    Pack* logits, const long long* __restrict__ wanted, Real* __restrict__ losses, unsigned packs, unsigned classes, int withGradient) {
  Pack* row = logits + (size_t)blockIdx.x * packs;
  long long mine = wanted[blockIdx.x];
  bool exists = mine >= 0 && mine < classes;
  unsigned packOfWanted = exists ? (unsigned)mine / PACK : packs;
  Real ofWanted = 0;
  if (threadIdx.x == 0 && exists) ofWanted = widen<TYPE>(row[packOfWanted].element[mine % PACK]) * log2OfE;

  Sum s;
  s.most = lowest;
  s.sum = 0;
#pragma unroll 4
  for (unsigned i = threadIdx.x; i < packs; i += THREADS) {
    Real z[PACK];
    read(row[i], i, classes, z);
    Real most = s.most;
#pragma unroll
    for (int e = 0; e < PACK; e++) most = larger(most, z[e]);
    s.sum *= power(s.most - most);
    s.most = most;
#pragma unroll
    for (int e = 0; e < PACK; e++) s.sum += power(z[e] - most);
  }
  s = joinedInWarp(s);
  __shared__ Sum ofWarps[THREADS / warp];
  if (threadIdx.x % warp == 0) ofWarps[threadIdx.x / warp] = s;
  __syncthreads();  // and nothing is written before the logit that is wanted is read
  unsigned lane = threadIdx.x % warp;
  s.most = lowest;
  s.sum = 0;
  if (lane < THREADS / warp) s = ofWarps[lane];
  s = joinedInWarp(s);
  Real logSum = s.most + logarithm(s.sum);
  if (threadIdx.x == 0) losses[blockIdx.x] = exists ? (logSum - ofWanted) * lnOf2 : belowAll(logSum) - belowAll(logSum);
  if (!withGradient) return;

  // Backwards: what was read last is still near.
  for (int i = threadIdx.x + (packs - 1 - threadIdx.x) / THREADS * THREADS; threadIdx.x < packs && i >= 0; i -= THREADS) {
    Real p[PACK];
    read(row[i], i, classes, p);
#pragma unroll
    for (int e = 0; e < PACK; e++) p[e] = power(p[e] - logSum);
    if (i == packOfWanted) {
#pragma unroll
      for (int e = 0; e < PACK; e++) {
        if (e == mine % PACK) p[e] -= 1;
      }
    }
    row[i] = Pack::of(p);
  }
}
