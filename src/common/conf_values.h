/* SPDX-License-Identifier: ISC */
/*
 * The types of the rows of a table: what a value of each looks like in a file,
 * and how it is kept in the field that base, the struct that the table fills,
 * has for it.
 */
#ifndef CONF_VALUES_H
#define CONF_VALUES_H

#include <libconfig.h>
#include <stdbool.h>

struct conf_key;
struct conf_strings;

/* Takes what is wrong at a setting and, after a semicolon, what is allowed. */
typedef void conf_fault(
    const config_setting_t *setting, const char *text, void *arg);

/* The field has to be zero. */
void conf_value_default(const struct conf_key *key, void *base);

/* For every type but CONF_OWN. A value with a fault changes nothing. */
void conf_value_load(const struct conf_key *key, config_setting_t *setting,
    void *base, conf_fault *fault, void *arg);

bool conf_value_is_equal(
    const struct conf_key *key, const void *base, const void *other);
void conf_value_swap(const struct conf_key *key, void *base, void *other);

/* Frees what the field owns and makes it zero. */
void conf_value_clear(const struct conf_key *key, void *base);

/* Adds a copy at the end. */
void conf_strings_add(struct conf_strings *strings, const char *text);
/* Frees them and makes them none. */
void conf_strings_clear(struct conf_strings *strings);

#endif
