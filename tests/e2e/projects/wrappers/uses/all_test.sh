#!/bin/sh
# Each program of the data is the one that its label says.
set -eu
says() {
    said=$("$1")
    echo "$1: $said"
    case $said in "$2 "*) ;; *) exit 1 ;; esac
}
says app/app_as_static musl
says app/app_as_dynamic glibc
says app/app glibc
says other/sharing_dynamic glibc
if find -L .. -name '*.linkmode.txt' | grep .; then exit 1; fi
