(defpackage "TOOL-TEST"
  (:use "COMMON-LISP")
  (:export "MAIN"))

(in-package "TOOL-TEST")

(defun octets (&rest octets)
  (coerce octets 'tool::octets))

(defun main ()
  (let ((octets (apply #'octets (loop repeat 1000 collect 120))))
    (assert (equalp octets (tool:unpack (tool:pack octets) 1000)))
    (assert (< (length (tool:pack octets)) 100)))
  (assert (equalp (octets) (tool:unpack (tool:pack (octets)) 0)))
  (handler-case (tool:unpack (octets 1 2 3) 10)
    (tool:damaged () (format t "passed~%"))
    (:no-error (&rest values) (error "unpacked to ~a" values))))
