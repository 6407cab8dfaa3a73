/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "chance.h"

/* splitmix64: any seed is a good one, 0 too. */
void
chance_seed(struct chance *chance, uint64_t seed)
{
	chance->state = seed;
}

static uint64_t
next(struct chance *chance)
{
	uint64_t mixed = chance->state += 0x9e3779b97f4a7c15;

	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
	return mixed ^ (mixed >> 31);
}

uint64_t
chance_below(struct chance *chance, uint64_t below)
{
	return next(chance) % below;
}

uint64_t
chance_between(struct chance *chance, uint64_t least, uint64_t most)
{
	return least + chance_below(chance, most - least + 1);
}

bool
chance_percent(struct chance *chance, unsigned percent)
{
	return chance_below(chance, 100) < percent;
}
