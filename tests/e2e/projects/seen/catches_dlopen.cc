#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

// beside this program, or in its runfiles
static void *opened(const std::string &self) {
    const std::string name = "libthrows_linked.so", folder = self.substr(0, self.rfind('/') + 1);
    if (void *found = dlopen((folder + name).c_str(), RTLD_NOW)) return found;
    return dlopen((std::string("seen/") + name).c_str(), RTLD_NOW);
}

int main(int, char **argv) {
    void *library = opened(argv[0]);
    if (!library) {
        std::printf("%s\n", dlerror());
        return 2;
    }
    try {
        reinterpret_cast<void (*)(bool)>(dlsym(library, "_Z6throwsb"))(true);
    } catch (const std::exception &e) {
        std::printf("caught: %s\n", e.what());
        return 0;
    }
    return 1;
}
