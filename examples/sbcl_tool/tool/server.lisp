(in-package "TOOL")

(defun serve (text clients)
  "Serve TEXT, packed, to CLIENTS clients, each by a thread. Return the port, and the thread that ends when all are served."
  (let ((socket (make-instance 'sb-bsd-sockets:inet-socket :type :stream :protocol :tcp))
        (packed (pack (sb-ext:string-to-octets text :external-format :utf-8))))
    (sb-bsd-sockets:socket-bind socket #(127 0 0 1) 0)
    (sb-bsd-sockets:socket-listen socket clients)
    (flet ((answer (client)
             (let ((stream (sb-bsd-sockets:socket-make-stream client :output t :element-type '(unsigned-byte 8))))
               (write-sequence packed stream)
               (close stream))))
      (values (nth-value 1 (sb-bsd-sockets:socket-name socket))
              (sb-thread:make-thread
               (lambda ()
                 (mapc #'sb-thread:join-thread
                       (loop repeat clients
                             for client = (sb-bsd-sockets:socket-accept socket)
                             collect (sb-thread:make-thread #'answer :arguments (list client))))
                 (sb-bsd-sockets:socket-close socket)))))))

(defun ask (port size)
  "Return the text of SIZE octets that is served on PORT."
  (let ((socket (make-instance 'sb-bsd-sockets:inet-socket :type :stream :protocol :tcp)))
    (sb-bsd-sockets:socket-connect socket #(127 0 0 1) port)
    (with-open-stream (stream (sb-bsd-sockets:socket-make-stream socket :input t :element-type '(unsigned-byte 8)))
      (let ((packed (coerce (loop for octet = (read-byte stream nil) while octet collect octet) 'octets)))
        (sb-ext:octets-to-string (unpack packed size) :external-format :utf-8)))))
