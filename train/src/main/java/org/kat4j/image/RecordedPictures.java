package org.kat4j.image;

import org.bytedeco.pytorch.Tensor;
import org.kat4j.parity.Golden;
import org.kat4j.torch.Memory;

/** The way between pictures and the tensors of golden files. */
public final class RecordedPictures {
  private RecordedPictures() {}

  /** The bytes of a uint8 tensor. */
  public static byte[] bytes(Golden golden, String tensor) {
    long[] values = Memory.longs(golden.readIntegers(tensor));
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /** A picture of a uint8 tensor {@code [height, width, channels]}. */
  public static Picture ofRows(Golden golden, String tensor) {
    long[] shape = golden.readIntegers(tensor).shape();
    byte[] interleaved = bytes(golden, tensor);
    int channels = (int) shape[2];
    int area = interleaved.length / channels;
    byte[] planes = new byte[interleaved.length];
    for (int i = 0; i < planes.length; i++) {
      planes[i % channels * area + i / channels] = interleaved[i];
    }
    return new Picture(channels, (int) shape[0], (int) shape[1], planes);
  }

  /** {@code [channels, height, width]}, from 0 to 255. */
  public static Tensor levels(Picture picture, Tensor like) {
    float[] values = new float[picture.pixels().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = picture.pixels()[i] & 0xff;
    }
    return Memory.like(like, values, picture.channels(), picture.height(), picture.width());
  }
}
