#compdef tcprelay
# zsh completion for tcprelay(1)

_tcprelay_address() {
	if compset -P unix:; then
		_files
	else
		_alternative 'hosts:host:_hosts' \
		    'forms:another form:(unix\:/)'
	fi
}

_arguments -s -S \
    '(-n --nick)'{-n+,--nick=}'[ask for this name, in chat mode]:name: ' \
    '(-r --receive-only -s --send-only)'{-r,--receive-only}'[do not read standard input]' \
    '(-r --receive-only -s --send-only)'{-s,--send-only}'[do not print what arrives]' \
    '(-R --reconnect --no-reconnect)'{-R,--reconnect}'[connect again when the connection is lost]' \
    '(-R --reconnect --no-reconnect)--no-reconnect[end when the connection is lost]' \
    '(-w --timeout)'{-w+,--timeout=}'[give up connecting, and waiting at the end]:seconds: ' \
    '(-4 --ipv4 -6 --ipv6)'{-4,--ipv4}'[use IPv4 addresses only]' \
    '(-4 --ipv4 -6 --ipv6)'{-6,--ipv6}'[use IPv6 addresses only]' \
    '--secret-file=[show the relay the secret in a file]:file:_files' \
    '(--tls --no-tls)--tls[speak TLS]' \
    '(--tls --no-tls --ca --cert --key --insecure)--no-tls[do not speak TLS]' \
    '(--insecure)--ca=[the authorities that may vouch for the relay]:file:_files' \
    '--cert=[who we are]:file:_files' \
    '--key=[the key to that]:file:_files' \
    '(--ca)--insecure[do not check who the relay is]' \
    '--color=[colours]:when:(auto always never)' \
    '--timestamps=-[show the time]::format, strftime(3): ' \
    '(--bell --no-bell)--bell[ring when somebody says your name]' \
    '(--bell --no-bell)--no-bell[do not ring]' \
    '(-v --verbose)'{-v,--verbose}'[tell how the connection goes]' \
    '(- *)'{-h,--help}'[show a summary of the options]' \
    '(- *)'{-V,--version}'[show the version]' \
    '1:address or host:_tcprelay_address' \
    '2:port: '
