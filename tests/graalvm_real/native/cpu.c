/* The CPU's features, one byte each, in the order of the generated cpufeatures header. */
#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "include/amd64cpufeatures.h"

typedef struct {
    unsigned basic_c, basic_d, more_b, more_c, more_d, extended_c, extended_d, power_d;
    int keeps_avx, keeps_avx512;
} registers;

static registers ask(void) {
    registers r = {0};
    unsigned unused;
    __get_cpuid(1, &unused, &unused, &r.basic_c, &r.basic_d);
    __get_cpuid_count(7, 0, &unused, &r.more_b, &r.more_c, &r.more_d);
    __get_cpuid(0x80000001u, &unused, &unused, &r.extended_c, &r.extended_d);
    __get_cpuid(0x80000007u, &unused, &unused, &unused, &r.power_d);
    if (r.basic_c >> 27 & 1) { /* which registers the kernel saves */
        unsigned low, high;
        __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        r.keeps_avx = (low & 0x06) == 0x06;
        r.keeps_avx512 = (low & 0xe6) == 0xe6;
    }
    return r;
}

#define BIT(word, number) (r.word >> (number) & 1)
#define AVX(word, number) (r.keeps_avx && BIT(word, number))
#define AVX512(word, number) (r.keeps_avx512 && BIT(word, number))
#define IS_fTSC BIT(basic_d, 4)
#define IS_fCX8 BIT(basic_d, 8)
#define IS_fCMOV BIT(basic_d, 15)
#define IS_fFLUSH BIT(basic_d, 19)
#define IS_fMMX BIT(basic_d, 23)
#define IS_fFXSR BIT(basic_d, 24)
#define IS_fSSE BIT(basic_d, 25)
#define IS_fSSE2 BIT(basic_d, 26)
#define IS_fHT BIT(basic_d, 28)
#define IS_fSSE3 BIT(basic_c, 0)
#define IS_fCLMUL BIT(basic_c, 1)
#define IS_fSSSE3 BIT(basic_c, 9)
#define IS_fFMA AVX(basic_c, 12)
#define IS_fSSE4_1 BIT(basic_c, 19)
#define IS_fSSE4_2 BIT(basic_c, 20)
#define IS_fPOPCNT BIT(basic_c, 23)
#define IS_fAES BIT(basic_c, 25)
#define IS_fAVX AVX(basic_c, 28)
#define IS_fVZEROUPPER AVX(basic_c, 28)
#define IS_fF16C AVX(basic_c, 29)
#define IS_fHV BIT(basic_c, 31)
#define IS_fBMI1 BIT(more_b, 3)
#define IS_fAVX2 AVX(more_b, 5)
#define IS_fBMI2 BIT(more_b, 8)
#define IS_fERMS BIT(more_b, 9)
#define IS_fRTM BIT(more_b, 11)
#define IS_fAVX512F AVX512(more_b, 16)
#define IS_fAVX512DQ AVX512(more_b, 17)
#define IS_fADX BIT(more_b, 19)
#define IS_fAVX512_IFMA AVX512(more_b, 21)
#define IS_fFLUSHOPT BIT(more_b, 23)
#define IS_fCLWB BIT(more_b, 24)
#define IS_fAVX512PF AVX512(more_b, 26)
#define IS_fAVX512ER AVX512(more_b, 27)
#define IS_fAVX512CD AVX512(more_b, 28)
#define IS_fSHA BIT(more_b, 29)
#define IS_fAVX512BW AVX512(more_b, 30)
#define IS_fAVX512VL AVX512(more_b, 31)
#define IS_fAVX512_VBMI AVX512(more_c, 1)
#define IS_fPKU BIT(more_c, 3)
#define IS_fOSPKE BIT(more_c, 4)
#define IS_fAVX512_VBMI2 AVX512(more_c, 6)
#define IS_fCET_SS BIT(more_c, 7)
#define IS_fGFNI BIT(more_c, 8)
#define IS_fAVX512_VAES AVX512(more_c, 9)
#define IS_fAVX512_VPCLMULQDQ AVX512(more_c, 10)
#define IS_fAVX512_VNNI AVX512(more_c, 11)
#define IS_fAVX512_BITALG AVX512(more_c, 12)
#define IS_fAVX512_VPOPCNTDQ AVX512(more_c, 14)
#define IS_fRDPID BIT(more_c, 22)
#define IS_fFSRM BIT(more_d, 4)
#define IS_fSERIALIZE BIT(more_d, 14)
#define IS_fHYBRID BIT(more_d, 15)
#define IS_fCET_IBT BIT(more_d, 20)
#define IS_fAVX512_FP16 AVX512(more_d, 23)
#define IS_fLZCNT BIT(extended_c, 5)
#define IS_fSSE4A BIT(extended_c, 6)
#define IS_fAMD_3DNOW_PREFETCH BIT(extended_c, 8)
#define IS_fRDTSCP BIT(extended_d, 27)
#define IS_fTSCINV_BIT BIT(power_d, 8)
#define IS_fTSCINV (BIT(power_d, 8) && BIT(basic_d, 4))
/* never claimed: no CPU that was tried has them */
#define IS_fAVX_IFMA 0
#define IS_fAPX_F 0
#define IS_fAVX10_1 0
#define IS_fAVX10_2 0
#define IS_fSHA512 0

void determineCPUFeatures(CPUFeatures *found) {
    registers r = ask();
#define SET(name) found->name = IS_##name;
    CPU_FIELDS(SET)
}

/* needed: 0xfe for a feature that the image needs, otherwise 0xff. The answer is 0 when the CPU has them all. */
int checkCPUFeatures(unsigned char *needed) {
    CPUFeatures found;
    determineCPUFeatures(&found);
    for (size_t at = 0; at < sizeof found; at++)
        if ((needed[at] | ((unsigned char *)&found)[at]) != 0xff) return 1;
    return 0;
}

int checkCPUFeaturesOrExit(unsigned char *needed, const char *message) {
    if (checkCPUFeatures(needed)) {
        fprintf(stderr, "%s\n", message);
        exit(255);
    }
    return 0;
}
