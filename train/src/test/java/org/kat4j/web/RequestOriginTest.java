package org.kat4j.web;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RequestOriginTest {
  @Test
  void onlyNamesOfThisMachineAreLocal() {
    for (String host : new String[] {"localhost", "LocalHost:8080", "127.0.0.1:1", "[::1]:80"}) {
      assertThat(RequestOrigin.isLocal(host)).as(host).isTrue();
    }
    for (String host :
        new String[] {
          "evil.example",
          "localhost.evil.example",
          "127.0.0.1.evil.example",
          "127.1.2.3",
          "",
          "localhost:80:80"
        }) {
      assertThat(RequestOrigin.isLocal(host)).as(host).isFalse();
    }
    assertThat(RequestOrigin.isLocal(null)).isFalse();
  }

  @Test
  void pagesOfOtherSitesAreForeign() {
    assertThat(RequestOrigin.isOwn(null, "localhost:80")).isTrue();
    assertThat(RequestOrigin.isOwn("http://localhost:80", "localhost:80")).isTrue();
    assertThat(RequestOrigin.isOwn("http://localhost:81", "localhost:80")).isFalse();
    assertThat(RequestOrigin.isOwn("http://evil.example", "localhost:80")).isFalse();
    assertThat(RequestOrigin.isOwn("null", "localhost:80")).isFalse();
    assertThat(RequestOrigin.isOwn("http://null", null)).isFalse();
  }
}
