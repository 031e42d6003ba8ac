package org.kat4j.image.webp;

import java.io.IOException;

/**
 * A canonical prefix code: symbols by the lengths of their codes. Short codes are looked up, the
 * rest is walked bit by bit, so that a code takes little memory whatever its file claims.
 */
final class PrefixCode {
  static final int LONGEST = 15;
  private static final int LOOKED_UP = 8;

  private final char[] symbols; // in the order of their codes
  private final int[] counts = new int[LONGEST + 1]; // codes of each length
  private final char[] table; // the next bits to symbol << 4 | length; 0 for long codes

  /**
   * @param lengths of the codes of all symbols, 0 for symbols without one
   * @throws IOException unless each sequence of bits is a code
   */
  PrefixCode(int[] lengths) throws IOException {
    for (int length : lengths) {
      counts[length]++;
    }
    symbols = new char[lengths.length - counts[0]];
    counts[0] = 0;
    int[] places = new int[LONGEST + 2];
    int open = 1; // codes of a length that no shorter code begins
    for (int length = 1; length <= LONGEST; length++) {
      places[length + 1] = places[length] + counts[length];
      open = 2 * open - counts[length];
      if (open < 0 && symbols.length > 1) {
        throw damaged();
      }
    }
    if (symbols.length == 0 || symbols.length > 1 && open != 0) {
      throw damaged();
    }
    for (int symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] > 0) {
        symbols[places[lengths[symbol]]++] = (char) symbol;
      }
    }
    table = symbols.length == 1 ? new char[0] : table();
  }

  private static IOException damaged() {
    return new IOException("its prefix codes are damaged");
  }

  private char[] table() {
    int longest = LOOKED_UP;
    while (longest > 1 && counts[longest] == 0) {
      longest--;
    }
    char[] entries = new char[1 << longest];
    int code = 0;
    int place = 0;
    for (int length = 1; length <= longest; length++) {
      for (int i = 0; i < counts[length]; i++, code++, place++) {
        int reversed = Integer.reverse(code) >>> (Integer.SIZE - length);
        for (int at = reversed; at < entries.length; at += 1 << length) {
          entries[at] = (char) (symbols[place] << 4 | length);
        }
      }
      code <<= 1;
    }
    return entries;
  }

  int read(BitReader bits) throws IOException {
    if (symbols.length == 1) {
      return symbols[0]; // a code of no bits
    }
    int next = bits.peek(LONGEST);
    int entry = table[next & table.length - 1];
    if (entry != 0) {
      bits.skip(entry & 0xf);
      return entry >> 4;
    }
    int code = 0;
    int first = 0; // code of its length
    int place = 0;
    for (int length = 1; length <= LONGEST; length++) {
      code |= next & 1;
      next >>= 1;
      if (code - first < counts[length]) {
        bits.skip(length);
        return symbols[place + code - first];
      }
      place += counts[length];
      first = first + counts[length] << 1;
      code <<= 1;
    }
    throw damaged();
  }
}
