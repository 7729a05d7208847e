//go:build never

package nested

import _ "example.com/nested/csrc"
