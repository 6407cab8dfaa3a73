# SPDX-License-Identifier: ISC
# The summary for a terminal.
BEGIN {
	FS = ","
	format = "%-17s %-20s %-10s %9s %7s  %-15s %s\n"
	printf format, "workload", "figure", "server", "median", "ratio",
	    "(min-max)", "note"
}
NR > 1 {
	if ($4 == "")
		value = "skipped"
	else
		value = $4
	note = ""
	if (match($0, /".*"/))
		note = substr($0, RSTART + 1, RLENGTH - 2)
	gsub(/_/, " ", $2)
	printf format, $1 == workload ? "" : $1,
	    $1 == workload && $2 == figure ? "" : $2, $3, value,
	    $7 == "" ? "-" : sprintf("%.2f", $7),
	    $7 == "" ? "" : sprintf("(%.2f-%.2f)", $8, $9), note
	workload = $1
	figure = $2
}
