#!/bin/sh
exec java -cp "$0.runfiles/stardoc~/stardoc/renderer_prebuilt.jar" com.google.devtools.build.stardoc.renderer.RendererMain "$@"
