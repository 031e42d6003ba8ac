// Attention of the next token of each text on a GPU: its key and value join those that are kept, and its query sees all of them.
//
// Compiled at run time, once for each combination of
//   TYPE     of queries, keys, values and results
//   PACK     neighbouring elements that a thread moves at once
//   LANES    neighbouring threads that share a key: LANES * PACK are the channels of a head; a power of two, at most 32
//   THREADS  of a block, which has a head of queries
// Arithmetic is in float64 for float64 and in float32 otherwise.

#include "elements.cu"

typedef Element<TYPE>::Real Real;
typedef Packed<TYPE, PACK> Pack;

constexpr int warp = 32;
constexpr int keysAtOnce = THREADS / LANES;  // of a block
constexpr int ahead = 4;                     // keys of a thread on their way from memory
constexpr int warps = THREADS / warp;
constexpr Real lowest = sizeof(Real) == 8 ? Real(-1e300) : Real(-1e38f);  // less than any score that matters

__device__ __forceinline__ float power(float r) {  // 2^r
  float p;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(p) : "f"(r));
  return p;
}
__device__ __forceinline__ double power(double r) { return exp2(r); }

// Keys or values of a token as they come, [texts, heads, 1, LANES * PACK], in packs between texts and between heads.
struct Strides {
  int text;
  int head;
};

// Puts a key and a value of each head of each text, blockIdx.x, in their place in keys and values [texts, heads, capacity, LANES * PACK].
extern "C" __global__ void append(
    const Pack* __restrict__ key, const Pack* __restrict__ value, Strides ofKey, Strides ofValue, Pack* __restrict__ keys,
    Pack* __restrict__ values, const long long* __restrict__ place, int heads, int capacity) {
  int text = blockIdx.x / heads;
  int head = blockIdx.x % heads;
  int lane = threadIdx.x % LANES;
  size_t to = ((size_t)blockIdx.x * capacity + place[0]) * LANES + lane;
  if (threadIdx.x < LANES) {
    keys[to] = key[(size_t)text * ofKey.text + (size_t)head * ofKey.head + lane];
  } else if (threadIdx.x < 2 * LANES) {
    values[to] = value[(size_t)text * ofValue.text + (size_t)head * ofValue.head + lane];
  }
}

// What some keys have added up to: weights are 2^(score - most).
struct Sum {
  Real most;
  Real weights;
  Real values[PACK];
};

__device__ __forceinline__ void rescale(Sum& s, Real most) {
  Real factor = power(s.most - most);
  s.most = most;
  s.weights *= factor;
#pragma unroll
  for (int e = 0; e < PACK; e++) s.values[e] *= factor;
}

// Over the threads that share a key; all of them get the same bits.
__device__ __forceinline__ Real sumOfLanes(Real r) {
#pragma unroll
  for (int other = LANES / 2; other > 0; other /= 2) r += __shfl_xor_sync(0xffffffffu, r, other);
  return r;
}

// y[text][head] = sum of softmax(scale q k) v over the keys 0 to place. `shared` heads of queries have the same keys.
extern "C" __global__ void __launch_bounds__(THREADS) attend(
    const Pack* __restrict__ q, Strides ofQueries, const Pack* __restrict__ keys, const Pack* __restrict__ values, Pack* __restrict__ y,
    const long long* __restrict__ place, int heads, int shared, int capacity, double scale) {
  int text = blockIdx.x / heads;
  int head = blockIdx.x % heads;
  int lane = threadIdx.x % LANES;
  int first = threadIdx.x / LANES;
  int count = (int)place[0] + 1;
  size_t start = ((size_t)text * (heads / shared) + head / shared) * capacity * LANES;
  const Pack* myKeys = keys + start;
  const Pack* myValues = values + start;

  Real query[PACK];
  q[(size_t)text * ofQueries.text + (size_t)head * ofQueries.head + lane].unpack(query);
#pragma unroll
  for (int e = 0; e < PACK; e++) query[e] *= Real(scale * 1.4426950408889634);  // scores in units of ln 2

  Sum s;
  s.most = lowest;
  s.weights = 0;
#pragma unroll
  for (int e = 0; e < PACK; e++) s.values[e] = 0;

  // All threads of a warp stay together: they add up products with each other.
  for (int at = 0; at < count; at += ahead * keysAtOnce) {
    Pack k[ahead];
    Pack v[ahead];
#pragma unroll
    for (int u = 0; u < ahead; u++) {
      int key = at + u * keysAtOnce + first;
      if (key < count) {
        k[u] = myKeys[(size_t)key * LANES + lane];
        v[u] = myValues[(size_t)key * LANES + lane];
      }
    }
#pragma unroll
    for (int u = 0; u < ahead; u++) {
      bool exists = at + u * keysAtOnce + first < count;
      Real score = 0;
      if (exists) {
        Real of[PACK];
        k[u].unpack(of);
#pragma unroll
        for (int e = 0; e < PACK; e++) score += query[e] * of[e];
      }
      score = sumOfLanes(score);
      if (exists) {
        if (score > s.most) rescale(s, score);
        Real weight = power(score - s.most);
        s.weights += weight;
        Real of[PACK];
        v[u].unpack(of);
#pragma unroll
        for (int e = 0; e < PACK; e++) s.values[e] += weight * of[e];
      }
    }
  }

  // The keys of a warp, then those of the block.
#pragma unroll
  for (int other = LANES; other < warp; other *= 2) {
    Sum theirs;
    theirs.most = __shfl_xor_sync(0xffffffffu, s.most, other);
    theirs.weights = __shfl_xor_sync(0xffffffffu, s.weights, other);
#pragma unroll
    for (int e = 0; e < PACK; e++) theirs.values[e] = __shfl_xor_sync(0xffffffffu, s.values[e], other);
    Real most = s.most > theirs.most ? s.most : theirs.most;
    rescale(s, most);
    rescale(theirs, most);
    s.weights += theirs.weights;
#pragma unroll
    for (int e = 0; e < PACK; e++) s.values[e] += theirs.values[e];
  }
  __shared__ Real mostOf[warps];
  __shared__ Real weightsOf[warps];
  __shared__ Real valuesOf[warps][LANES][PACK];
  int ofWarp = threadIdx.x / warp;
  if (threadIdx.x % warp < LANES) {
    if (lane == 0) {
      mostOf[ofWarp] = s.most;
      weightsOf[ofWarp] = s.weights;
    }
#pragma unroll
    for (int e = 0; e < PACK; e++) valuesOf[ofWarp][lane][e] = s.values[e];
  }
  __syncthreads();
  if (threadIdx.x >= LANES) return;
  Real most = lowest;
  for (int w = 0; w < warps; w++) most = mostOf[w] > most ? mostOf[w] : most;
  Real weights = 0;
  Real result[PACK];
#pragma unroll
  for (int e = 0; e < PACK; e++) result[e] = 0;
  for (int w = 0; w < warps; w++) {
    Real factor = power(mostOf[w] - most);
    weights += factor * weightsOf[w];
#pragma unroll
    for (int e = 0; e < PACK; e++) result[e] += factor * valuesOf[w][lane][e];
  }
#pragma unroll
  for (int e = 0; e < PACK; e++) result[e] /= weights;
  y[(size_t)blockIdx.x * LANES + lane] = Pack::of(result);
}
