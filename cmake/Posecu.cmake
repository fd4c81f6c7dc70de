# Flags of the whole project, and the two functions that its CMakeLists.txt files are made of.
include(CheckCXXCompilerFlag)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

find_program(POSECU_CCACHE ccache)
if(POSECU_CCACHE)  # what one clone has compiled serves all others, but for a debugger, which wants its own folders
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR})
  if(NOT CMAKE_BUILD_TYPE STREQUAL Debug)
    list(APPEND CMAKE_CXX_COMPILER_LAUNCHER CCACHE_NOHASHDIR=1)
  endif()
  list(APPEND CMAKE_CXX_COMPILER_LAUNCHER ${POSECU_CCACHE})
endif()
find_program(POSECU_MOLD mold)

# What every file of ours is compiled with. Contraction to fused multiply-adds is off here (-std=c++20 turns it off):
# geometry and scoring must round as the official tools do. Kernels turn it on for themselves.
add_library(posecu_flags INTERFACE)
target_compile_features(posecu_flags INTERFACE cxx_std_20)
target_include_directories(posecu_flags INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>
                           $<INSTALL_INTERFACE:include/posecu>)
set(options -Wall -Wextra -Wshadow -Wconversion -Werror -ffp-contract=off)
if(POSECU_NATIVE)
  list(APPEND options -march=native)
else()
  list(APPEND options -march=x86-64-v3)
endif()
target_compile_options(posecu_flags INTERFACE "$<BUILD_INTERFACE:${options}>")  # a user of the library has his own
if(POSECU_MOLD)
  target_link_options(posecu_flags INTERFACE $<BUILD_INTERFACE:-fuse-ld=mold>)
endif()
if(POSECU_SANITIZE)
  target_compile_options(posecu_flags INTERFACE -fsanitize=${POSECU_SANITIZE} -fno-sanitize-recover=all
                         -fno-omit-frame-pointer -g1 -D_GLIBCXX_ASSERTIONS)
  target_link_options(posecu_flags INTERFACE -fsanitize=${POSECU_SANITIZE})
endif()
set(CMAKE_CXX_EXTENSIONS OFF)

# posecu_room(NAME SOURCES file... USES room... LIBRARIES library...): the static library of one room.
function(posecu_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LIBRARIES;PRIVATE_LIBRARIES" ${ARGN})
  if(NOT ROOM_SOURCES)
    add_library(posecu_${name} INTERFACE)
    return()
  endif()
  add_library(posecu_${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(posecu_${name} PUBLIC posecu_flags ${ROOM_LIBRARIES} PRIVATE ${ROOM_PRIVATE_LIBRARIES})
  foreach(used ${ROOM_USES})
    target_link_libraries(posecu_${name} PUBLIC posecu_${used})
  endforeach()
endfunction()

# posecu_launchers(NAME file.cu...): the static library of kernels and launchers, for the CPU and, with POSECU_CUDA, for
# the GPU as well.
function(posecu_launchers name)
  if(POSECU_CUDA)
    add_library(${name}_cpu OBJECT ${ARGN})
    target_link_libraries(${name}_cpu PUBLIC posecu_flags posecu_core)
    target_compile_options(${name}_cpu PRIVATE -O3)
    posecu_join_launchers(${name} ${name}_cpu ${ARGN})
  else()
    add_library(${name} STATIC ${ARGN})
    target_compile_options(${name} PRIVATE -O3)
  endif()
  target_link_libraries(${name} PUBLIC posecu_flags posecu_core)
endfunction()

# posecu_test(NAME SOURCES file... USES room... LABELS label:filter...): one test binary and its ctest entries, each a
# label and the GoogleTest filter of the tests it runs ("kernel:*", "golden:*Golden*", "unit:-*Golden*"). Label gpu: the
# tests run on a GPU (tests/support/device.h) and are skipped where there is none; POSECU_CUDA only.
function(posecu_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;USES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${name}_tests ${TEST_SOURCES})
  target_link_libraries(${name}_tests PRIVATE posecu_flags test_support ${TEST_LIBRARIES})
  target_compile_options(${name}_tests PRIVATE $<$<CONFIG:Release>:-O1>)  # two thirds of all compiling are the tests'
  foreach(used ${TEST_USES})
    target_link_libraries(${name}_tests PRIVATE posecu_${used})
  endforeach()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 1500)
  endif()
  foreach(entry ${TEST_LABELS})
    string(REGEX MATCH "^([^:]+):(.*)$" matched "${entry}")
    set(label ${CMAKE_MATCH_1})
    set(filter ${CMAKE_MATCH_2})  # the next MATCHES overwrites it
    if(label MATCHES "^gpu" AND NOT POSECU_CUDA)
      continue()
    endif()
    add_test(NAME ${name}.${label} COMMAND ${name}_tests --gtest_filter=${filter} --gtest_brief=1)
    set_tests_properties(${name}.${label} PROPERTIES LABELS "${label}" TIMEOUT ${TEST_TIMEOUT}
                         ENVIRONMENT "OMP_WAIT_POLICY=passive")
    if(label MATCHES "^gpu")
      set(environment "OMP_WAIT_POLICY=passive;POSECU_TEST_DEVICE=cuda")
      if(label STREQUAL gpu)
        list(APPEND environment CUDA_LAUNCH_BLOCKING=1)
      endif()
      set_tests_properties(${name}.${label} PROPERTIES LABELS gpu SKIP_RETURN_CODE 77 RESOURCE_LOCK gpu
                           ENVIRONMENT "${environment}")
    endif()
  endforeach()
endfunction()
