// Bumps around fixed centres that all inputs share, of z = (x - centre) / width: Gaussians and reflectional switches.
//
// Compiled with the options of basis.cu and
//   FORM  0 exp(-z^2), 1 1 - tanh(z)^2
// Centres [BASIS] in the type of the arithmetic.

#include "basis.cu"

// Values of one input that a thread moves at once: a power of two, at most 16 bytes.
constexpr int most = 16 / sizeof(Value);
constexpr int common = (BASIS | VALUES) & -(BASIS | VALUES);
constexpr int neighbours = common < most ? common : most;

typedef Packed<VALUE, neighbours> Neighbours;

struct Bumps {
  static constexpr bool sparse = false;

  const Real* centres;  // shared
  Real inverseWidth;

  // Called by all threads of the block.
  __device__ __forceinline__ Bumps(Real* shared, const Real* __restrict__ global, double perWidth) {
    for (unsigned j = threadIdx.x; j < BASIS; j += THREADS) shared[j] = global[j];
    __syncthreads();
    centres = shared;
    inverseWidth = perWidth;
  }

  // 1 - tanh(z)^2 = 4 e / (1 + e)^2 and |tanh(z)| = (1 - e) / (1 + e) with e = e^(-2 |z|): nothing cancels.
  static __device__ __forceinline__ Real bump(Real z, Real& slope) {
#if FORM == 0
    Real value = exponential(-z * z);
    slope = -2 * z * value;
#else
    Real e = exponential(-2 * (z < 0 ? -z : z));
    Real inverse = reciprocal(1 + e);
    Real value = 4 * e * inverse * inverse;
    Real size = (1 - e) * inverse;
    slope = -2 * (z < 0 ? -size : size) * value;
#endif
    return value;
  }

  __device__ __forceinline__ void values(Real x, Value* of) const {
#pragma unroll 4
    for (int j = 0; j < BASIS; j += neighbours) {
      Real v[neighbours];
#pragma unroll
      for (int e = 0; e < neighbours; e++) {
        Real slope;
        v[e] = bump((x - centres[j + e]) * inverseWidth, slope);
      }
      *reinterpret_cast<Neighbours*>(of + j) = Neighbours::of(v);
    }
  }

  __device__ __forceinline__ Real slope(Real x, const Value* upstream) const {
    Real sum = 0;
#pragma unroll 4
    for (int j = 0; j < BASIS; j += neighbours) {
      Real u[neighbours];
      reinterpret_cast<const Neighbours*>(upstream + j)->unpack(u);
#pragma unroll
      for (int e = 0; e < neighbours; e++) {
        Real slope;
        bump((x - centres[j + e]) * inverseWidth, slope);
        sum += u[e] * slope;
      }
    }
    return sum * inverseWidth;
  }
};

extern "C" __global__ void __launch_bounds__(THREADS) forward(
    const Input* __restrict__ x, Value* __restrict__ values, const Real* __restrict__ centres, double perWidth, Shape shape) {
  __shared__ Real shared[BASIS];
  writeValues(Bumps(shared, centres, perWidth), x, values, shape);
}

extern "C" __global__ void __launch_bounds__(THREADS) backward(
    const Value* __restrict__ upstream, const Input* __restrict__ x, Input* __restrict__ gradient, const Real* __restrict__ centres,
    double perWidth, Shape shape) {
  __shared__ Real shared[BASIS];
  writeGradient(Bumps(shared, centres, perWidth), upstream, x, gradient, shape);
}
