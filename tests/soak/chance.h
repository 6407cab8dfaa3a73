/* SPDX-License-Identifier: ISC */
/* Numbers that depend on a seed only. A plain value. */
#ifndef CHANCE_H
#define CHANCE_H

#include <stdbool.h>
#include <stdint.h>

struct chance {
	uint64_t state;
};

void chance_seed(struct chance *chance, uint64_t seed);

/* From 0 to below - 1; below is at least 1. */
uint64_t chance_below(struct chance *chance, uint64_t below);

/* From least to most, both included. */
uint64_t chance_between(struct chance *chance, uint64_t least, uint64_t most);

/* True so many times in a hundred. */
bool chance_percent(struct chance *chance, unsigned percent);

#endif
