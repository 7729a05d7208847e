(defpackage "LISPTOOL"
  (:use "COMMON-LISP")
  (:export "MAIN"))

(in-package "LISPTOOL")

(defun show (control &rest arguments)
  (format t "~?~%" control arguments))

;;; a Lisp function that C can call, and the call
(sb-alien:define-alien-callable twice sb-alien:int ((n sb-alien:int)) (* 2 n))

(defun load-one ()
  (handler-case (progn (sb-alien:load-shared-object "libnone.so.1") "loaded")
    (error (condition) (remove #\Newline (princ-to-string condition)))))

(defun demonstrate ()
  "Show what a link mode must not break."
  (let* ((text (format nil "~{~d bottles of beer on the wall~%~}" (loop for n from 99 downto 1 collect n)))
         (size (length (sb-ext:string-to-octets text))))
    (multiple-value-bind (port server) (tool:serve text 8)
      (let ((clients (loop repeat 8 collect (sb-thread:make-thread #'tool:ask :arguments (list port size)))))
        (show "clients at once: ~d" (count text (mapcar #'sb-thread:join-thread clients) :test #'string=))
        (sb-thread:join-thread server)))
    (let ((garbage (loop repeat 200 collect (make-string 100000))))
      (show "garbage: ~d" (length garbage)))
    (sb-ext:gc :full t)
    (show "compiled while it runs: ~d" (funcall (compile nil '(lambda (x) (* x x))) 12))
    (show "caught from C: ~a"
          (handler-case (tool:unpack (sb-ext:string-to-octets "not packed") 100)
            (tool:damaged (condition) condition)))
    (show "called from C: ~d"
          (sb-alien:alien-funcall (sb-alien:alien-callable-function 'twice) 21))
    (show "deep: ~d" (labels ((deep (n) (if (zerop n) 0 (1+ (deep (1- n)))))) (deep 4000)))
    (show "caught: ~a" (handler-case (error "an error") (error (condition) condition)))
    (show "exhausted: ~a"
          (handler-case (labels ((deep (n) (1+ (deep (1+ n))))) (deep 0))
            (sb-kernel::control-stack-exhausted () "the stack, and went on")))
    (show "process: ~a, user: ~a" (plusp (sb-posix:getpid)) (integerp (sb-posix:getuid)))
    (show "square root of two: ~,6f" (sqrt 2d0))
    (show "factorial of 30: ~d" (let ((product 1)) (dotimes (n 30 product) (setf product (* product (1+ n))))))
    (show "shared object: ~a" (load-one))
    (show "zlib ~a" (tool:zlib-version))))

(defun main ()
  (let ((arguments (rest sb-ext:*posix-argv*)))
    (cond ((null arguments) (demonstrate))
          ((string= (first arguments) "pack") (show "~d" (length (tool:pack (sb-ext:string-to-octets (second arguments))))))
          (t (format *error-output* "lisptool: ~a is no command: pack TEXT~%" (first arguments))
             (sb-ext:exit :code 2)))))
