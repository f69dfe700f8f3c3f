size_t itch_decode(const char *frame, size_t length);
