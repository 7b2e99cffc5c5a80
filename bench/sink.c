/* A router that does nothing but count: it takes one session on ADDRESS:179 and says when what came.
 *
 *   sink ADDRESS ASN EXPECTED
 *
 * Times are CLOCK_MONOTONIC seconds. Behind the EXPECTED prefixes each prefix is told by itself.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void header(uint8_t *to, int length, int type) {
  memset(to, 0xff, 16);
  to[16] = length >> 8, to[17] = length, to[18] = type;
}

static long count, updates, expected;
static int told;

static void prefixes(const uint8_t *at, const uint8_t *end, char what) {
  while (at < end) {
    int bits = *at++, size = (bits + 7) / 8;
    if (what == 'a') count++;
    if (told) {
      uint8_t a[4] = {0};
      memcpy(a, at, size > 4 ? 4 : size);
      printf("%c %d.%d.%d.%d/%d %.6f\n", what, a[0], a[1], a[2], a[3], bits, now());
    }
    at += size;
  }
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  int asn = atoi(argv[2]), one = 1;
  expected = atol(argv[3]);
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct sockaddr_in self = {.sin_family = AF_INET, .sin_port = htons(179)};
  inet_pton(AF_INET, argv[1], &self.sin_addr);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (void *)&self, sizeof self) || listen(listener, 4)) return perror("sink"), 1;
  printf("listening %.6f\n", now());
  int session = accept(listener, NULL, NULL);
  printf("connected %.6f\n", now());
  uint8_t open[19 + 10 + 2 + 6 + 6 + 2], keepalive[19], end_of_rib[23] = {0};
  header(open, sizeof open, 1), header(keepalive, 19, 4), header(end_of_rib, 23, 2);
  uint8_t body[] = {4, asn >> 8, asn, 0, 180, 10, 255, 255, 1, 16, 2, 14, 1, 4, 0, 1, 0, 1, 65, 4, 0, 0, asn >> 8, asn, 2, 0};
  memcpy(open + 19, body, sizeof body);
  write(session, open, sizeof open);
  static uint8_t data[1 << 22];
  size_t have = 0;
  int established = 0;
  double next = now() + 1;
  for (;;) {
    struct pollfd wait = {.fd = session, .events = POLLIN};
    if (poll(&wait, 1, 500) < 0) return 1;
    if (now() > next) write(session, keepalive, 19), next = now() + 1;
    if (!wait.revents) continue;
    ssize_t got = read(session, data + have, sizeof data - have);
    if (got <= 0) return printf("closed %.6f\n", now()), 0;
    have += got;
    size_t at = 0;
    while (have - at >= 19) {
      size_t length = data[at + 16] << 8 | data[at + 17];
      if (length < 19 || length > 4096) return printf("bad length\n"), 1;
      if (have - at < length) break;
      const uint8_t *message = data + at;
      at += length;
      if (message[18] == 1) write(session, keepalive, 19);
      if (message[18] == 3) return printf("notification %d/%d\n", message[19], message[20]), 0;
      if (message[18] == 4 && !established) {
        established = 1;
        printf("established %.6f\n", now());
        write(session, end_of_rib, 23);
      }
      if (message[18] != 2) continue;
      int withdrawn = message[19] << 8 | message[20];
      int attributes = message[21 + withdrawn] << 8 | message[22 + withdrawn];
      if (!withdrawn && !attributes) continue;
      updates++;
      prefixes(message + 21, message + 21 + withdrawn, 'w');
      prefixes(message + 23 + withdrawn + attributes, message + length, 'a');
      if (!told && count >= expected) {
        told = 1;
        printf("full %.6f %ld\n", now(), updates);
      }
    }
    memmove(data, data + at, have - at);
    have -= at;
  }
}
