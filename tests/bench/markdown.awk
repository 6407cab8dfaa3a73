# SPDX-License-Identifier: ISC
# The summary as a Markdown table, a column for each server: the ratio to the
# reference with its spread, and the figure where that has no ratio.
function cell(row, server,   key) {
	key = row SUBSEP server
	if (ratio[key] != "")
		return sprintf("%.2f (%.2f-%.2f)", ratio[key], low[key],
		    high[key])
	return median[key] == "" ? "-" : median[key] + 0
}

BEGIN { FS = "," }

NR > 1 {
	row = $1 ", " $2
	gsub(/_/, " ", row)
	key = row SUBSEP $3
	if (!(row in seen)) {
		rows[++count] = row
		seen[row] = 1
	}
	median[key] = $4
	ratio[key] = $7
	low[key] = $8
	high[key] = $9
}

END {
	n = split(servers, names, " ")
	printf "| workload |"
	for (i = 1; i <= n; i++)
		printf " %s |", names[i]
	printf "\n|---|"
	for (i = 1; i <= n; i++)
		printf "---|"
	print ""
	for (r = 1; r <= count; r++) {
		printf "| %s |", rows[r]
		for (i = 1; i <= n; i++)
			printf " %s |", cell(rows[r], names[i])
		print ""
	}
}
