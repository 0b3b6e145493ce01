#!/usr/bin/env bash
# Makes the certificates of these tests, valid from 2020 for a hundred years: an authority, a server `localhost`, a client.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/index"
echo 01 >"$work/serial"
cat >"$work/ca.conf" <<CONF
[ca]
default_ca = tests
[tests]
database = $work/index
new_certs_dir = $work
serial = $work/serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
subjectAltName = DNS:localhost
extendedKeyUsage = serverAuth
[client]
subjectAltName = DNS:client
extendedKeyUsage = clientAuth
CONF
certificate() {
    local name=$1 key=$2
    shift 2
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$key"
    openssl req -new -key "$key" -subj "/CN=$name" -config "$work/ca.conf" -out "$work/request.pem"
    openssl ca -batch -notext -config "$work/ca.conf" -extensions "$name" -startdate 20200101000000Z \
        -enddate 21200101000000Z -in "$work/request.pem" -out "$name.pem" -keyfile "$work/authority.key.pem" "$@"
}
certificate authority "$work/authority.key.pem" -selfsign
certificate server server.key.pem -cert authority.pem
certificate client client.key.pem -cert authority.pem
