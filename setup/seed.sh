#!/usr/bin/env bash
# seed.sh: puts the well-known team, API key and access token into the database.
source "$(dirname "$0")/common.sh"
as_root "$@"
[ -x "$(server_program)" ] || fail 'Alcove is not set up yet' 'Run `make up` first.'
cd / # The checkout may lie where the server's user cannot look.
setpriv --reuid=$USER_NAME --regid=$USER_NAME --init-groups "$(server_program)" seed
