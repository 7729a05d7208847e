(defsystem "tool"
  :description "Packed text, over a socket"
  :depends-on ("sb-bsd-sockets" "sb-posix")
  :pathname "tool/"
  :components ((:file "server" :depends-on ("package" "zlib"))
               (:file "zlib" :depends-on ("package"))
               (:file "package")))
