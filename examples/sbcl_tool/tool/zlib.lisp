(in-package "TOOL")

;;; zlib's functions, by their names: nothing is loaded, the link finds them in deps.

(define-alien-routine ("zlibVersion" zlib-version) c-string)
(define-alien-routine ("compressBound" compress-bound) unsigned-long (size unsigned-long))
(define-alien-routine ("compress" c-compress) int
  (to (* unsigned-char)) (room (* unsigned-long)) (from (* unsigned-char)) (size unsigned-long))
(define-alien-routine ("uncompress" c-uncompress) int
  (to (* unsigned-char)) (room (* unsigned-long)) (from (* unsigned-char)) (size unsigned-long))

(define-condition damaged (error)
  ((code :initarg :code))
  (:report (lambda (condition stream)
             (format stream "damaged data (zlib's ~d)" (slot-value condition 'code)))))

(deftype octets () '(simple-array (unsigned-byte 8) (*)))

(defun call (function from room)
  "Return what FUNCTION makes of the octets FROM, of ROOM octets at most."
  (declare (type octets from))
  (let ((to (make-array room :element-type '(unsigned-byte 8))))
    (with-alien ((size unsigned-long room))
      (sb-sys:with-pinned-objects (to from)
        (let ((code (funcall function
                             (sap-alien (sb-sys:vector-sap to) (* unsigned-char)) (addr size)
                             (sap-alien (sb-sys:vector-sap from) (* unsigned-char)) (length from))))
          (unless (zerop code) (error 'damaged :code code))
          (subseq to 0 size))))))

(defun pack (octets)
  (call #'c-compress octets (compress-bound (length octets))))

(defun unpack (octets size)
  "Return what OCTETS hold, which are SIZE octets. Signal DAMAGED if they are not what PACK gave."
  (call #'c-uncompress octets size))
