#!/bin/sh
# Stands for Bazel's program that merges coverage data, which comes from the network.
for argument; do
    case $argument in
    --coverage_dir=*) folder=${argument#*=} ;;
    --output_file=*) output=${argument#*=} ;;
    esac
done
find "$folder" -name '*.gcov.json.gz' | while read -r report; do
    zcat "$report"
    echo
done > "$output"
