# cmake --install: the program, its library with headers for find_package(posecu), manual pages and completions. cpack
# packs the same as .deb and .tar.gz.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(rooms core kernels layers losses models data pose training apps)
set(libraries posecu_flags posecu_kernels)
foreach(room ${rooms})
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/${room} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/posecu FILES_MATCHING PATTERN "*.h")
  list(APPEND libraries posecu_${room})
endforeach()
list(REMOVE_DUPLICATES libraries)
foreach(library ${libraries})
  string(REPLACE posecu_ "" name ${library})
  set_target_properties(${library} PROPERTIES EXPORT_NAME ${name})
endforeach()
install(TARGETS posecu RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS ${libraries} EXPORT posecu ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/posecu)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/posecu)
install(EXPORT posecu NAMESPACE posecu:: FILE posecu-targets.cmake DESTINATION ${package})
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/posecu-config.cmake.in ${CMAKE_BINARY_DIR}/posecu-config.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/posecu-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/posecu-config.cmake ${CMAKE_BINARY_DIR}/posecu-config-version.cmake
        DESTINATION ${package})

# Written by the program itself, from the tables that its parser reads.
install(CODE "execute_process(COMMAND \"${CMAKE_SOURCE_DIR}/scripts/make_pages.sh\" \"$<TARGET_FILE:posecu>\"
                        \"${CMAKE_BINARY_DIR}/pages\" COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY ${CMAKE_BINARY_DIR}/pages/man1 ${CMAKE_BINARY_DIR}/pages/man5 DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${CMAKE_BINARY_DIR}/pages/posecu DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${CMAKE_BINARY_DIR}/pages/_posecu DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${CMAKE_BINARY_DIR}/pages/posecu.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES README.md THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)

set(CPACK_GENERATOR "DEB;TGZ")
set(CPACK_PACKAGE_CONTACT "posecu's authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "finds people and their keypoints in pictures, and trains networks for it")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libdnnl-dev, libfmt-dev, libsimdjson-dev, libjpeg-dev, libzip-dev")
include(CPack)
