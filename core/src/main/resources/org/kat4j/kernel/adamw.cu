// A step of AdamW for all parameters of a model at once, in float32:
//   p -= lr decay p;  m += (1 - beta1) (g - m);  v = beta2 v + (1 - beta2) g^2;  p -= lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)
// where g is the gradient times a factor that bounds its norm.
//
// Compiled at run time with
//   THREADS  of a block
//   CHUNK    elements of a parameter that a block takes, a multiple of 4

// A parameter, and what belongs to it.
struct Parameter {
  float* p;
  const float* gradient;
  float* m;
  float* v;
  long long elements;
  long long firstBlock;
  double decay;
  double lrScale;
};

// What depends on the number of steps and on the norm.
struct Scales {
  float ofMean;      // 1 / (1 - beta1^t)
  float ofRoot;      // 1 / sqrt(1 - beta2^t)
  float ofGradient;  // the factor
};

// `factor` is null for gradients as they are.
extern "C" __global__ void scales(const float* steps, const float* factor, double beta1, double beta2, Scales* result) {
  result->ofMean = 1 / (1 - pow(beta1, (double)*steps));
  result->ofRoot = 1 / sqrt(1 - pow(beta2, (double)*steps));
  result->ofGradient = factor ? *factor : 1.0f;
}

struct Rates {
  float lr;
  float decay;  // 1 - lr decay
  float newMean;  // 1 - beta1
  float beta2;
  float newSquare;  // 1 - beta2
  float epsilon;
};

__device__ __forceinline__ void move(float& p, float g, float& m, float& v, const Rates& r, const Scales& s) {
  g *= s.ofGradient;
  p *= r.decay;
  m += r.newMean * (g - m);
  v = r.beta2 * v + r.newSquare * g * g;
  p -= r.lr * s.ofMean * m / (sqrtf(v) * s.ofRoot + r.epsilon);
}

// Block i has a chunk of parameter owner[i].
extern "C" __global__ void __launch_bounds__(THREADS) step(
    const Parameter* __restrict__ parameters, const int* __restrict__ owner, const Scales* __restrict__ scales, double lr, double beta1,
    double beta2, double epsilon) {
  const Parameter of = parameters[owner[blockIdx.x]];
  const Scales s = *scales;
  Rates r;
  r.lr = lr * of.lrScale;
  r.decay = 1 - lr * of.lrScale * of.decay;
  r.newMean = 1 - beta1;
  r.beta2 = beta2;
  r.newSquare = 1 - beta2;
  r.epsilon = epsilon;
  long long start = (blockIdx.x - of.firstBlock) * CHUNK;
  int count = of.elements - start < CHUNK ? (int)(of.elements - start) : CHUNK;
  float4* p = reinterpret_cast<float4*>(of.p + start);
  const float4* g = reinterpret_cast<const float4*>(of.gradient + start);
  float4* m = reinterpret_cast<float4*>(of.m + start);
  float4* v = reinterpret_cast<float4*>(of.v + start);
#pragma unroll 2
  for (int i = threadIdx.x; i < count / 4; i += THREADS) {
    float4 pi = p[i];
    float4 gi = g[i];
    float4 mi = m[i];
    float4 vi = v[i];
    move(pi.x, gi.x, mi.x, vi.x, r, s);
    move(pi.y, gi.y, mi.y, vi.y, r, s);
    move(pi.z, gi.z, mi.z, vi.z, r, s);
    move(pi.w, gi.w, mi.w, vi.w, r, s);
    p[i] = pi;
    m[i] = mi;
    v[i] = vi;
  }
  int rest = count / 4 * 4 + threadIdx.x;  // fewer than 4
  if (rest < count) move(of.p[start + rest], of.gradient[start + rest], of.m[start + rest], of.v[start + rest], r, s);
}
