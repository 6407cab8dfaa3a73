# fish completion for tcprelay(1)

complete -c tcprelay -f
complete -c tcprelay -s n -l nick -x -d 'Ask for this name, in chat mode'
complete -c tcprelay -s r -l receive-only -d 'Do not read standard input'
complete -c tcprelay -s s -l send-only -d 'Do not print what arrives'
complete -c tcprelay -s R -l reconnect -d 'Connect again when the connection is lost'
complete -c tcprelay -l no-reconnect -d 'End when the connection is lost'
complete -c tcprelay -s w -l timeout -x -d 'Give up connecting, and waiting at the end'
complete -c tcprelay -s 4 -l ipv4 -d 'Use IPv4 addresses only'
complete -c tcprelay -s 6 -l ipv6 -d 'Use IPv6 addresses only'
complete -c tcprelay -l color -x -a 'auto always never' -d 'Colours'
complete -c tcprelay -l timestamps -d 'Show the time, in a format of strftime(3)'
complete -c tcprelay -l bell -d 'Ring when somebody says your name'
complete -c tcprelay -l no-bell -d 'Do not ring'
complete -c tcprelay -s v -l verbose -d 'Tell how the connection goes'
complete -c tcprelay -s h -l help -d 'Show a summary of the options'
complete -c tcprelay -s V -l version -d 'Show the version'
complete -c tcprelay -a '(__fish_print_hostnames)' -d Host
