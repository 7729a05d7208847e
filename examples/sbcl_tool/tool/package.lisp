(defpackage "TOOL"
  (:use "COMMON-LISP" "SB-ALIEN")
  (:export "PACK" "UNPACK" "ZLIB-VERSION" "DAMAGED" "SERVE" "ASK"))
