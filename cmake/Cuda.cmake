# What POSECU_CUDA adds to the CPU's build. CMake's own CUDA language is not used: kernels/*.cu are C++ to it, and nvcc's
# objects are joined with g++'s (docs/decisions.md, "One binary with a CPU and a CUDA build of every launcher").
find_package(CUDAToolkit REQUIRED)  # nvcc from PATH or $CUDACXX, the static runtime
find_package(Threads REQUIRED)
if(DEFINED ENV{NVCC})
  set(POSECU_NVCC $ENV{NVCC})
else()
  set(POSECU_NVCC ${CUDAToolkit_NVCC_EXECUTABLE})
endif()

# cuDNN is loaded when it is first used: the program starts, and runs on the CPU, where there is none.
find_path(POSECU_CUDNN_FRONTEND cudnn_frontend.h HINTS ${CMAKE_SOURCE_DIR}/build/deps/cudnn-frontend/include)
find_path(POSECU_CUDNN cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
if(NOT POSECU_CUDNN_FRONTEND)
  message(FATAL_ERROR "cudnn_frontend.h not found\n  try: scripts/setup.sh --cuda, or -DPOSECU_CUDNN_FRONTEND=FOLDER")
endif()
if(NOT POSECU_CUDNN)
  message(FATAL_ERROR "cudnn.h not found\n  try: install cuDNN 9 beside CUDA, or -DPOSECU_CUDNN=FOLDER")
endif()

# posecu_cuda_sources(TARGET file...): sources that include headers of CUDA, cuDNN and cudnn-frontend. No other file sees
# these, so that all others are compiled as in the CPU's build.
function(posecu_cuda_sources target)
  target_sources(${target} PRIVATE ${ARGN})
  set(folders ${CUDAToolkit_INCLUDE_DIRS} ${POSECU_CUDNN} ${POSECU_CUDNN_FRONTEND})
  list(REMOVE_DUPLICATES folders)
  list(TRANSFORM folders PREPEND -isystem)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "${folders}"
                              COMPILE_DEFINITIONS NV_CUDNN_FRONTEND_USE_DYNAMIC_LOADING)
  target_link_libraries(${target} PRIVATE $<LINK_ONLY:CUDA::cudart_static> ${CMAKE_DL_LIBS})
endfunction()

# posecu_join_launchers(NAME CPU_LIBRARY file.cu...): the static library NAME with both builds of the launchers in these
# files. CPU_LIBRARY is the object library of g++'s build. Options of one file: its property POSECU_NVCC_OPTIONS.
function(posecu_join_launchers name cpu_library)
  set(objects "")
  foreach(source ${ARGN})
    get_source_file_property(file ${source} LOCATION)
    get_source_file_property(options ${source} POSECU_NVCC_OPTIONS)
    if(NOT options)
      set(options "")
    endif()
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.dir/${source}.o)
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${POSECU_CCACHE} ${POSECU_NVCC} --options-file ${CMAKE_SOURCE_DIR}/kernels/nvcc_flags ${options}
              -I${CMAKE_SOURCE_DIR} -MD -MF ${object}.d -c ${file} -o ${object}
      DEPENDS ${file} ${CMAKE_SOURCE_DIR}/kernels/nvcc_flags
      DEPFILE ${object}.d
      COMMENT "nvcc ${source}"
      VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  set(joined ${CMAKE_CURRENT_BINARY_DIR}/${name}.dir/joined.o)
  add_custom_command(
    OUTPUT ${joined}
    COMMAND ${CMAKE_SOURCE_DIR}/cmake/join_launchers.sh ${joined} $<TARGET_OBJECTS:${cpu_library}> -- ${objects}
    DEPENDS ${CMAKE_SOURCE_DIR}/cmake/join_launchers.sh ${cpu_library} $<TARGET_OBJECTS:${cpu_library}> ${objects}
    COMMENT "Joining the CPU and CUDA builds of ${name}"
    COMMAND_EXPAND_LISTS
    VERBATIM)
  add_library(${name} STATIC ${joined})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${name} PUBLIC $<LINK_ONLY:CUDA::cudart_static>)
endfunction()

# posecu_stub_driver(TEST...): ctest entries that ask cuDNN about GPUs without using one. Where there is no libcuda.so.1
# cuDNN looks for it at every question, which takes five times as long; the toolkit's stub of it will do.
function(posecu_stub_driver)
  set(folder ${CMAKE_BINARY_DIR}/stub_driver)
  file(MAKE_DIRECTORY ${folder})
  file(CREATE_LINK ${CUDA_cuda_driver_LIBRARY} ${folder}/libcuda.so.1 SYMBOLIC)
  set_tests_properties(${ARGN} PROPERTIES ENVIRONMENT_MODIFICATION LD_LIBRARY_PATH=path_list_prepend:${folder})
endfunction()
