# SPDX-License-Identifier: GPL-3.0-or-later
# hunt.mk - the fuzzers with clang's libFuzzer, in a folder of their own; `make fuzz` calls it
# there with SRC, the source folder, and the flags of the build.
CC = clang
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined
FLAGS = -w -O1 -g -fno-omit-frame-pointer -DMP_SANITIZED=1 $(SANITIZE)
.SECONDARY:
vpath %.c $(SRC) ..
engine = $(ENGINE:%.c=%.o)
door = tests/fuzz/small.o

all: $(FUZZERS)

$(FUZZERS): %: %.o $(door) $(engine)
	@$(CC) $(SANITIZE) -fsanitize=fuzzer $(OPENMP) -o $@ $^ $(LIBS)

%.o: %.c
	@mkdir -p $(@D)
	@$(CC) -std=gnu11 $(FLAGS) -fsanitize=fuzzer-no-link $(OPENMP) -MMD -MP $(INCLUDES) -c -o $@ $<

-include $(engine:.o=.d) $(FUZZERS:%=%.d) $(door:.o=.d)
