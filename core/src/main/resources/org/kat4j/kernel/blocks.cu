// The last stage of sums over rows of memory: what blocks have left of each column is added up.
//
// Compiled with
//   THREADS   of a block
//   FINISHED  columns that a block adds up; divides THREADS

// partial[0][column] + partial[1][column] + ... for column = blockIdx.x * FINISHED + threadIdx.x, in threads below FINISHED. Neighbouring
// threads read a row at once, and every THREADS / FINISHED-th row for each column: in a fixed order and in float64.
template <typename Real>
__device__ __forceinline__ double sumOfBlocks(const Real* __restrict__ partial, unsigned blocks, unsigned columns) {
  constexpr unsigned parts = THREADS / FINISHED;
  unsigned lane = threadIdx.x % FINISHED;
  unsigned part = threadIdx.x / FINISHED;
  unsigned column = blockIdx.x * FINISHED + lane;
  double sum = 0;
  if (column < columns) {
#pragma unroll 4
    for (unsigned i = part; i < blocks; i += parts) sum += partial[(size_t)i * columns + column];
  }
  __shared__ double shared[parts][FINISHED];
  shared[part][lane] = sum;
  __syncthreads();
  if (part == 0) {
#pragma unroll 8
    for (unsigned other = 1; other < parts; other++) sum += shared[other][lane];
  }
  return sum;
}
