# bash completion for tcprelay(1)

_tcprelay()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
	local options='--nick --receive-only --send-only --reconnect
	    --no-reconnect --timeout --ipv4 --ipv6 --color= --timestamps
	    --timestamps= --bell --no-bell --secret-file --tls --no-tls
	    --ca --cert --key --insecure --verbose --help --version'

	# "--color=never" comes as three words.
	if [[ $before == = ]]; then
		before=${COMP_WORDS[COMP_CWORD-2]}
	elif [[ $word == = ]]; then
		before=${COMP_WORDS[COMP_CWORD-1]}
		word=
	fi
	case $before in
	--color)
		mapfile -t COMPREPLY < <(
		    compgen -W 'auto always never' -- "$word")
		return
		;;
	--secret-file | --ca | --cert | --key)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	-n | --nick | -w | --timeout | --timestamps)
		return
		;;
	esac
	case $word in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace
		;;
	unix:*)
		# The colon, too, is a word of its own where it is one of
		# $COMP_WORDBREAKS.
		mapfile -t COMPREPLY < <(
		    compgen -P unix: -f -- "${word#unix:}")
		;;
	*)
		if [[ $before == : && ${COMP_WORDS[COMP_CWORD-2]} == unix ]]
		then
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
		else
			mapfile -t COMPREPLY < <(
			    compgen -A hostname -- "$word")
		fi
		;;
	esac
}

complete -F _tcprelay tcprelay
