# What differs from run to run: process ids, times, addresses.
s/\bpid [0-9]+/pid PID/g
s/\b[0-9]+(\.[0-9]+)? (s|ms|us|ns)\b/TIME/g
s/0x[0-9a-f]+/ADDRESS/g
