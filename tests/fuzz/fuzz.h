/* SPDX-License-Identifier: ISC */
/*
 * A fuzz target is one function. libFuzzer calls it with inputs that it makes
 * up ("make fuzz"), and replay.c with those of the corpus ("make check").
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that does not depend on the input: broken, the run ends here. */
#define FUZZ_ASSERT(promise)                                                   \
	do {                                                                   \
		if (!(promise))                                                \
			__builtin_trap();                                      \
	} while (0)

#endif
