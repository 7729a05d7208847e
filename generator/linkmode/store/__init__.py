"""The store of archives, unpacked trees and mirrors."""
