/* Externals of gzip.ml: deflate and inflate of whole strings. */

#include <caml/alloc.h>
#include <caml/fail.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>

#include <string.h>

#include <zlib.h>

/* What both directions do: grow a buffer until the stream ends. `step` is deflate or inflate. */
static value all_of(z_stream *stream, int (*step)(z_stream *, int), int (*end)(z_stream *), value text) {
    CAMLparam1(text);
    CAMLlocal2(whole, grown);
    mlsize_t room = caml_string_length(text) + 1024;
    whole = caml_alloc_string(room);
    for (int code = Z_OK; code != Z_STREAM_END;) {
        if (stream->total_out == room) {
            grown = caml_alloc_string(2 * room);
            memcpy(Bytes_val(grown), Bytes_val(whole), room);
            whole = grown;
            room *= 2;
        }
        /* allocation moves strings: their addresses are taken again */
        stream->next_in = (Bytef *)String_val(text) + stream->total_in;
        stream->avail_in = caml_string_length(text) - stream->total_in;
        stream->next_out = Bytes_val(whole) + stream->total_out;
        stream->avail_out = room - stream->total_out;
        code = step(stream, Z_FINISH);
        if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END) {
            end(stream);
            caml_failwith("gzip: damaged data");
        }
        if (code == Z_BUF_ERROR && !stream->avail_in && stream->avail_out) {
            end(stream);
            caml_failwith("gzip: cut short");
        }
    }
    grown = caml_alloc_initialized_string(stream->total_out, (const char *)String_val(whole));
    end(stream);
    CAMLreturn(grown);
}

CAMLprim value fserv_pack(value text) {
    z_stream stream = {0};
    /* 16: with the header of a .gz file */
    if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) caml_failwith("gzip: no memory");
    return all_of(&stream, deflate, deflateEnd, text);
}

CAMLprim value fserv_unpack(value text) {
    z_stream stream = {0};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) caml_failwith("gzip: no memory");
    return all_of(&stream, inflate, inflateEnd, text);
}

CAMLprim value fserv_zlib_version(value unit) {
    (void)unit;
    return caml_copy_string(zlibVersion());
}
