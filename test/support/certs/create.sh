#!/bin/sh
# Makes the certificates of the TLS journeys anew. Test fixtures: the keys are public and protect nothing.
# `openssl ca` rather than `x509`: it alone takes the start and the end of the validity, which must not hang on the
# day the script ran.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
begin=20200101000000Z
end=21200101000000Z
past=20210101000000Z

cat >"$work/ca.cnf" <<END
[ca]
default_ca = fixture
[fixture]
database = $work/index
serial = $work/serial
new_certs_dir = $work
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
[valid]
subjectAltName = DNS:localhost,IP:127.0.0.1
[wrong-name]
subjectAltName = DNS:elsewhere.example
END
: >"$work/index"
echo 1000 >"$work/serial"

# key file, common name
request() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -config /dev/null -subj "/CN=$2" \
    -keyout "$1" -out "$work/request.csr" 2>/dev/null
}

# certificate file, extensions, end, further options
issue() {
  out=$1 extensions=$2 until=$3
  shift 3
  openssl ca -batch -notext -config "$work/ca.cnf" -extensions "$extensions" -startdate $begin -enddate "$until" \
    -in "$work/request.csr" -out "$out" "$@" 2>/dev/null
}

request "$work/ca.key" "statuswise test CA"
issue ca.pem authority $end -selfsign -keyfile "$work/ca.key"
request valid.key localhost
issue valid.pem valid $end -cert ca.pem -keyfile "$work/ca.key"
request wrong-name.key elsewhere.example
issue wrong-name.pem wrong-name $end -cert ca.pem -keyfile "$work/ca.key"
request expired.key localhost
issue expired.pem valid $past -cert ca.pem -keyfile "$work/ca.key"
request self-signed.key localhost
issue self-signed.pem valid $end -selfsign -keyfile self-signed.key
