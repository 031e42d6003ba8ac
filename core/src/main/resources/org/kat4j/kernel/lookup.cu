// A table of what depends on x alone in the backward pass of bfloat16: it has so few values from 2^SMALLEST to 2^LARGEST that all of them
// fit into shared memory, and reading an entry takes half the instructions of computing it.
//
// What is read: 1/Q, P/Q^2 and the derivative F', 64 bits together. Each is off by 2^-13 of itself at most, a sixteenth of what rounding to
// bfloat16 adds to dx. |x| below the range counts as 0; packs that reach beyond it are computed.

constexpr unsigned mantissas = 1 << 7;
constexpr unsigned below = (127 + SMALLEST) * mantissas - 1;  // largest |x|, as an integer, that counts as 0
constexpr unsigned magnitudes = (LARGEST - SMALLEST) * mantissas + 1;
constexpr unsigned entries = 2 * magnitudes;

// Steps of a thread from which on filling the table takes less time than it saves.
#define STEPS_FOR_A_TABLE 10

// 22 bits of 1/Q without its sign end the second word; 21 bits of P/Q^2 start the first one; F' has the 21 bits between them. Numbers are read
// with what follows them in the word: what is written is chosen so that the result is nearest.
struct alignas(8) Entry {
  unsigned first;
  unsigned second;
};

// The upper bits of a float that has `behind` in its lower `count` bits and lies nearest to r.
__device__ __forceinline__ unsigned nearest(Real r, unsigned behind, int count) {
  unsigned bits = __float_as_uint(r);
  int rest = (int)(bits & 0x7fffffffu) - (int)behind + (1 << (count - 1));
  return ((bits & 0x80000000u) | (unsigned)max(rest, 0)) >> count;
}

__device__ __forceinline__ Entry entryOf(const Coefficients& c, Real x) {
  Real r = magnitude(x);
  Real inverse = reciprocal(lower(c, r));
  Real w = upper(c, x) * inverse * inverse;
  Real slope = inverse * slopeOfUpper(c, x) - withSign(w, x) * slopeOfLower(c, r);
  unsigned ofInverse = nearest(inverse, 0, 9);
  unsigned ofSlope = nearest(slope, ofInverse >> 11, 11);
  unsigned ofW = nearest(w, ofSlope >> 10, 11);
  return {ofW << 11 | ofSlope >> 10, ofSlope << 22 | ofInverse};
}

// table[2 * place + sign of x]
__device__ __forceinline__ void fill(Entry* table, const Coefficients& c, unsigned lane) {
  for (unsigned i = lane; i < entries; i += BACKWARD_THREADS) {
    unsigned place = i / 2;
    unsigned bits = place == 0 ? 0 : below + place;
    table[i] = entryOf(c, __uint_as_float(bits << 16 | i << 31));
  }
}

__device__ __forceinline__ Real lookedUp(Entry entry, Real x, Real u, Real* sums) {
  Real inverse = magnitude(__uint_as_float(entry.second << 9));
  Real slope = __uint_as_float(__funnelshift_l(entry.second, entry.first, 21));
  addTerms(u * inverse, u * __uint_as_float(entry.first), x, sums);
  return u * slope;
}

__device__ __forceinline__ unsigned twice(unsigned half) { return half << 16 | half; }

// Places in the table of the magnitudes of a pack, two in a word.
struct Places {
  unsigned pairs[WIDTH / 2];

  // Whether none is beyond the table.
  __device__ __forceinline__ bool inside() const {
    unsigned most = 0;
#pragma unroll
    for (int k = 0; k < WIDTH / 2; k++) asm("max.u16x2 %0, %0, %1;" : "+r"(most) : "r"(pairs[k]));
    return ((most + twice(0x8000 - magnitudes)) & 0x80008000u) == 0;
  }

  // The entry of element e: offsets of both elements of a word are formed together.
  __device__ __forceinline__ Entry read(const Entry* table, const Pack& x, int e) const {
    static_assert(sizeof(Entry) == 8 && magnitudes << 4 < 1 << 16);
    unsigned both = pairs[e / 2] << 4 | (words(x)[e / 2] >> 12 & 0x00080008u);
    unsigned offset = e % 2 == 0 ? both & 0xffff : both >> 16;
    return *reinterpret_cast<const Entry*>(reinterpret_cast<const char*>(table) + offset);
  }

  static __device__ __forceinline__ const unsigned* words(const Pack& x) { return reinterpret_cast<const unsigned*>(x.element); }
};

// min(max(|x| - below, 0), magnitudes) of both halves of a word at once.
__device__ __forceinline__ Places placesOf(const Pack& x) {
  Places places;
#pragma unroll
  for (int k = 0; k < WIDTH / 2; k++) {
    asm("{ .reg .b32 above; add.s16x2 above, %1, %2; min.s16x2.relu %0, above, %3; }"
        : "=r"(places.pairs[k])
        : "r"(Places::words(x)[k] & 0x7fff7fffu), "r"(twice(0x10000 - below)), "r"(twice(magnitudes)));
  }
  return places;
}
