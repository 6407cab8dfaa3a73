# SPDX-License-Identifier: ISC
# From the runs: for each figure its median and spread, and the median and
# spread of its ratio to the reference's in the same round. What a stopped
# reader costs is a ratio to the same server's time without stopped ones.
function figures_of(workload) {
	if (workload ~ /^idle/)
		return "KiB_per_client CPU_us_per_join"
	if (workload ~ /^stalled/)
		return "peak_MiB seconds"
	if (workload ~ /^quiet/)
		return "p50_us p99_us"
	return "CPU_ns_per_delivery"
}

function figure(name) {
	if (name == "KiB_per_client")
		return values["bytes_per_client"] / 1024
	if (name == "CPU_us_per_join")
		return values["join_cpu_us"]
	if (name == "peak_MiB")
		return values["hwm_kib"] / 1024
	if (name == "p50_us" || name == "p99_us")
		return values["latency_" name]
	if (name == "seconds")
		return values["seconds"]
	return values["cpu_ns_per_delivery"]
}

# Sorts list[1..count]; sets low, middle and high.
function spread(list, count,   i, j, value) {
	for (i = 2; i <= count; i++) {
		value = list[i]
		for (j = i - 1; j > 0 && list[j] > value; j--)
			list[j + 1] = list[j]
		list[j + 1] = value
	}
	low = list[1]
	high = list[count]
	middle = count % 2 ? list[(count + 1) / 2] \
	    : (list[count / 2] + list[count / 2 + 1]) / 2
}

function base_of(key, round, workload, name) {
	if (workload ~ /^stalled/ && name == "seconds") {
		sub(/^stalled/, "healthy", workload)
		return times[workload, server_of[key], round]
	}
	if (name == "KiB_per_client" || name == "peak_MiB")
		return ""
	return all[workload, name, "reference", round]
}

function print_figure(workload, name, server,   key, count, ratios, n, i, b) {
	key = workload SUBSEP name SUBSEP server
	printf "%s,%s,%s,", workload, name, server
	split("", some)
	split("", parts)
	for (i = 1; i <= rounds; i++) {
		if (!((key SUBSEP i) in all))
			continue
		some[++count] = all[key, i]
		b = base_of(key, i, workload, name)
		if (b > 0)
			parts[++ratios] = all[key, i] / b
	}
	if (count == 0) {
		print ",,,,,,0," notes[workload, server]
		return
	}
	spread(some, count)
	printf "%.4g,%.4g,%.4g,", middle, low, high
	if (ratios > 0) {
		spread(parts, ratios)
		printf "%.3f,%.3f,%.3f,", middle, low, high
	} else {
		printf ",,,"
	}
	print count "," notes[workload, server]
}

{
	reason = ""
	if (match($0, / reason=/)) {
		reason = substr($0, RSTART + RLENGTH)
		$0 = substr($0, 1, RSTART - 1)
		gsub(/"/, "'", reason)
	}
	split("", values)
	for (i = 1; i <= NF; i++) {
		at = index($i, "=")
		values[substr($i, 1, at - 1)] = substr($i, at + 1)
	}
	workload = values["workload"]
	server = values["server"]
	round = values["round"] + 0
	if (round > rounds)
		rounds = round
	if (!(workload in seen))
		workloads[seen[workload] = ++workload_count] = workload
	if (!(server in seen))
		servers[seen[server] = ++server_count] = server
	if (reason != "" || !((workload SUBSEP server) in notes))
		notes[workload, server] = reason == "" ? "" : "\"" reason "\""
	if (values["status"] != "ok")
		next
	times[workload, server, round] = values["seconds"]
	n = split(figures_of(workload), names, " ")
	for (i = 1; i <= n; i++) {
		all[workload, names[i], server, round] = figure(names[i]) + 0
		server_of[workload SUBSEP names[i] SUBSEP server] = server
	}
}

END {
	print "workload,figure,server,median,min,max,ratio,ratio_min," \
	    "ratio_max,rounds,note"
	for (w = 1; w <= workload_count; w++) {
		n = split(figures_of(workloads[w]), names, " ")
		for (j = 1; j <= n; j++)
			for (s = 1; s <= server_count; s++)
				print_figure(workloads[w], names[j], servers[s])
	}
}
