// How elements lie in memory, and how they are computed with: types by the numbers of CudaElement, packs of neighbouring elements.

enum ElementType { FLOAT32, FLOAT64, BFLOAT16, FLOAT16 };

// Two bytes an element, computed with in float32.
template <int type>
struct Element {
  typedef float Real;
  typedef unsigned short Stored;
};

template <>
struct Element<FLOAT32> {
  typedef float Real;
  typedef float Stored;
};

template <>
struct Element<FLOAT64> {
  typedef double Real;
  typedef double Stored;
};

template <int type>
__device__ __forceinline__ typename Element<type>::Real widen(typename Element<type>::Stored s) {
  if constexpr (type == BFLOAT16) {
    return __uint_as_float((unsigned)s << 16);
  } else if constexpr (type == FLOAT16) {
    float f;
    asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(s));
    return f;
  } else {
    return s;
  }
}

template <int type>
__device__ __forceinline__ typename Element<type>::Stored narrow(typename Element<type>::Real r) {
  if constexpr (type == BFLOAT16) {
    unsigned short s;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(s) : "f"(r));
    return s;
  } else if constexpr (type == FLOAT16) {
    unsigned short s;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(s) : "f"(r));
    return s;
  } else {
    return r;
  }
}

// Two elements of two bytes each: two conversions in one instruction.
template <int type>
__device__ __forceinline__ unsigned pair(float low, float high) {
  unsigned word;
  if constexpr (type == BFLOAT16) {
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  } else {
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  }
  return word;
}

// Neighbouring elements that a thread moves at once.
template <int type, int width>
struct alignas(sizeof(typename Element<type>::Stored) * width) Packed {
  typedef typename Element<type>::Real Real;
  static constexpr bool pairs = sizeof(typename Element<type>::Stored) == 2 && width % 2 == 0;

  typename Element<type>::Stored element[width];

  static __device__ __forceinline__ Packed of(const Real* reals) {
    Packed result;
    if constexpr (pairs) {
      unsigned* words = reinterpret_cast<unsigned*>(result.element);
#pragma unroll
      for (int e = 0; e < width; e += 2) words[e / 2] = pair<type>(reals[e], reals[e + 1]);
    } else {
#pragma unroll
      for (int e = 0; e < width; e++) result.element[e] = narrow<type>(reals[e]);
    }
    return result;
  }

  __device__ __forceinline__ void unpack(Real* reals) const {
    if constexpr (pairs && type == BFLOAT16) {  // one instruction an element
      const unsigned* words = reinterpret_cast<const unsigned*>(element);
#pragma unroll
      for (int e = 0; e < width; e += 2) {
        reals[e] = __uint_as_float(words[e / 2] << 16);
        reals[e + 1] = __uint_as_float(words[e / 2] & 0xffff0000u);
      }
    } else {
#pragma unroll
      for (int e = 0; e < width; e++) reals[e] = widen<type>(element[e]);
    }
  }
};

// 1 / q for normal q; the float32 approximation is within one unit in the last place.
__device__ __forceinline__ float reciprocal(float q) {
  float r;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(q));
  return r;
}

__device__ __forceinline__ double reciprocal(double q) { return 1 / q; }
