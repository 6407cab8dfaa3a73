# SPDX-License-Identifier: ISC
# The runs, one line of NAME=VALUE each, as CSV with one column for each name.
BEGIN {
	count = split("round workload server status protocol receivers " \
	    "senders line_bytes window write_lines rate stalled join_seconds " \
	    "join_per_second join_cpu_us bytes_per_client rss_start_kib " \
	    "rss_joined_kib lines deliveries missing seconds " \
	    "lines_per_second deliveries_per_second cpu_ns_per_delivery " \
	    "user_ms system_ms load_ns_per_delivery others_percent rss_kib hwm_kib " \
	    "stalled_closed latency_p50_us latency_p99_us latency_max_us " \
	    "latency_samples reason", names, " ")
	for (i = 1; i <= count; i++)
		printf "%s%s", names[i], i < count ? "," : "\n"
}
{
	reason = ""
	if (match($0, / reason=/)) {
		reason = substr($0, RSTART + RLENGTH)
		$0 = substr($0, 1, RSTART - 1)
		gsub(/"/, "'", reason)
		reason = "\"" reason "\""
	}
	split("", values)
	for (i = 1; i <= NF; i++) {
		at = index($i, "=")
		values[substr($i, 1, at - 1)] = substr($i, at + 1)
	}
	values["reason"] = reason
	for (i = 1; i <= count; i++)
		printf "%s%s", values[names[i]], i < count ? "," : "\n"
}
